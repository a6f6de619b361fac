//! Wiring of the window: the terminal's threads, its readers, and the counter screen.

mod plugged;
mod readers;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    console::{self, Args, ConsoleError, random},
    store::StoreError,
    terminal::{
        clock::{Clock, SystemClock},
        engine::Engine,
        recovery::{self, Means, RecoveryError},
        runtime::Runtime,
        server::{self, ServerError},
        source::{self, Source, SourceError},
    },
    ui,
};

/// Opens the counter screen of the terminal in the data folder.
pub fn run(args: &Args) -> Result<(), WindowError> {
    let dir = args.data_dir();
    let identity = match source::open(&dir) {
        Ok(store) => store.identity().clone(),
        Err(SourceError::Store(why @ (StoreError::SetAside { .. } | StoreError::Gone))) => {
            return Ok(ui::mend::run(why.to_string(), mend(dir))?);
        }
        Err(error) => return Err(error.into()),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let mut engine = Engine::open(&dir, random, clock.now())?;
    console::sign_in(&mut engine, args.operator)?;
    let ticking = Arc::clone(&clock);
    let transport = Arc::new(server::transport(&dir, &identity.url, identity.synced_at, ticking)?);
    let runtime = Runtime::start(engine, transport, Arc::clone(&clock))?;
    let readers = readers::start(&args.readers, &dir, &runtime.handle(), &clock)?;
    Ok(ui::run(runtime.handle(), readers, None)?)
}

/// What the button of a terminal without a store does.
fn mend(dir: PathBuf) -> ui::mend::Mend {
    Arc::new(move || made_anew(&dir).map_err(|error| error.to_string()))
}

fn made_anew(dir: &Path) -> Result<String, WindowError> {
    let source = Source::from(dir);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let now = clock.now();
    let transport = server::transport(dir, &recovery::platform_url(&source)?, None, clock)?;
    let recovery = recovery::recover(&source, Means { transport: &transport, random, now })?;
    Ok(recovery.sentences().join(" "))
}

/// Whether a window can be opened here.
pub fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Opens the demo shop: the counter beside the customer's phone, with the readers that are named.
#[cfg(feature = "demo")]
pub fn demo(args: &Args) -> Result<(), WindowError> {
    use crate::{
        demo::Shop,
        terminal::{command::Command, pictures::Pictures},
        ui::phone,
    };

    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let shop = Shop::open(Arc::clone(&clock))?;
    let mut engine = Engine::open(&shop.counter_dir(), random, clock.now())?;
    shop.sign_in(&mut engine)?;
    let runtime = Runtime::start(engine, shop.transport()?, Arc::clone(&clock))?;
    let readers = readers::start(&args.readers, &shop.counter_dir(), &runtime.handle(), &clock)?;
    let (handle, pictures) = (runtime.handle(), Pictures::start(runtime.handle())?);
    let shop = Arc::new(shop);
    let held = Arc::clone(&shop);
    let act = move |command| match command {
        phone::PhoneCommand::Hold(index) => {
            let card = held.cards.get(index)?;
            let face = held.show(card).ok()?;
            let taken = pictures.hold(face.png.clone());
            tracing::debug!(index, taken, "a card is held to the reader");
            Some(phone_card(card, face))
        }
        phone::PhoneCommand::Network(on) => {
            handle.send(Command::SetNetwork(on));
            None
        }
    };
    let faces = shop.cards.iter().map(|card| Ok(phone_card(card, shop.show(card)?)));
    let cards = faces.collect::<Result<_, crate::demo::DemoError>>()?;
    let view = phone::PhoneView { cards };
    let source = phone::PhoneSource { view, act: Box::new(act) };
    Ok(ui::run(runtime.handle(), readers, Some(source))?)
}

#[cfg(feature = "demo")]
fn phone_card(card: &crate::demo::Card, face: crate::demo::Face) -> ui::phone::PhoneCard {
    ui::phone::PhoneCard {
        title: card.title.clone(),
        subtitle: card.subtitle.clone(),
        code: card.code.clone(),
        modules: face.matrix.modules,
        width: face.matrix.width,
    }
}

/// Why the window could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The terminal could not be opened.
    #[error(transparent)]
    Terminal(#[from] SourceError),
    /// The operator cannot sign in.
    #[error(transparent)]
    Operator(#[from] ConsoleError),
    /// There is no way to the platform.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The store was not made anew.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The screen could not be opened.
    #[error(
        "the window could not be opened: {0}; `countersign demo --console` and the console commands need none"
    )]
    Screen(#[from] eframe::Error),
    /// The demo could not be set up.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] crate::demo::DemoError),
}

impl WindowError {
    /// The process's exit status.
    pub fn code(&self) -> u8 {
        match self {
            Self::Operator(error) => error.code(),
            Self::Terminal(_)
            | Self::Server(_)
            | Self::Recovery(_)
            | Self::Thread(_)
            | Self::Screen(_) => 1,
            #[cfg(feature = "demo")]
            Self::Demo(_) => 1,
        }
    }
}
