//! What the counter shows of its readers: the camera's picture, what might help, and what is amiss.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::SyncSender},
};

use egui::{
    Color32, ColorImage, Context, Rect, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui,
    epaint::RectShape, pos2, vec2,
};

use crate::{
    domain::scan::{Delivered, EntryMethod, Hint, ReaderTrouble},
    terminal::{handle::NewestCell, text::Texts, view::CodeView},
    ui::theme,
};

/// Where the readers put what is to be shown.
pub type ReadersCell = NewestCell<ReadersView>;

/// What is asked of the readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderCommand {
    /// Look what is plugged in.
    List,
    /// Use a reader from now on, or no longer.
    Use {
        /// Its kind.
        method: EntryMethod,
        /// Its name, as [`Plugged::id`].
        id: String,
        /// Whether to use it.
        used: bool,
    },
    /// Let the camera make pictures of this size, one of [`Plugged::sizes`].
    Size(String),
    /// Let the camera read barcodes of lines, or no longer.
    Barcodes(bool),
}

/// A reader that is plugged in, or that is used and gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugged {
    /// Its kind.
    pub method: EntryMethod,
    /// The name it is used by.
    pub id: String,
    /// What it is.
    pub name: String,
    /// Whether it is used.
    pub used: bool,
    /// The sizes of pictures a camera offers.
    pub sizes: Vec<String>,
    /// The size that is used.
    pub size: Option<String>,
}

impl Plugged {
    /// The name of the first serial reader that is known, whichever that is.
    pub const ANY: &str = "auto";

    /// The size after the one that is used; none where there is no choice.
    pub fn next_size(&self) -> Option<String> {
        let at = self.sizes.iter().position(|size| Some(size) == self.size.as_ref());
        let next = at.map_or(0, |at| at.saturating_add(1));
        self.sizes.get(next).or(self.sizes.first()).filter(|_| self.sizes.len() > 1).cloned()
    }
}

/// The readers as a screen holds them.
#[derive(Clone)]
pub struct ReadersHandle {
    /// What is to be shown of them.
    pub cell: ReadersCell,
    commands: SyncSender<ReaderCommand>,
}

impl ReadersHandle {
    /// Views come in `cell`, commands go to `commands`.
    pub fn new(cell: ReadersCell, commands: SyncSender<ReaderCommand>) -> Self {
        Self { cell, commands }
    }

    /// Asks for something; what the readers are too busy to hear is dropped.
    pub fn send(&self, command: ReaderCommand) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("a choice of readers was dropped: the one before it does not end");
        }
    }
}

/// What is to be shown of the readers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadersView {
    /// The camera, where one is in use.
    pub camera: Option<CameraView>,
    /// What is wrong with the readers on serial ports, by the reader's name.
    pub troubles: BTreeMap<String, ReaderTrouble>,
    /// The readers in use: their kind and the name they were given.
    pub used: Vec<(EntryMethod, String)>,
    /// What could be used, as it was found last.
    pub plugged: Vec<Plugged>,
    /// Whether the camera reads barcodes of lines.
    pub barcodes: bool,
    /// Codes to test a reader with.
    pub tests: Arc<Vec<CodeView>>,
    /// Whether what readers deliver is compared with the tests instead of looked at as vouchers.
    pub testing: bool,
    /// What a reader made of a test last.
    pub heard: Option<Heard>,
}

/// What a reader made of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The kind of reader.
    pub method: EntryMethod,
    /// What came.
    pub what: Delivered,
}

/// What is to be shown of a camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraView {
    /// What it sees now; none before its first frame and while it is gone.
    pub picture: Option<Grey>,
    /// What might help.
    pub hint: Option<Hint>,
    /// Why it does not work.
    pub trouble: Option<String>,
}

/// A small grey picture, rows from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Grey {
    /// Its number, by which a new one is told from the one before.
    pub number: u64,
    /// Its width in pixels.
    pub width: usize,
    /// Its pixels, 0 black and 255 white.
    pub pixels: Arc<[u8]>,
}

impl ReadersView {
    /// The line for the counter instead of the usual one, where there is something to say.
    pub fn advice(&self, texts: &Texts) -> Option<String> {
        let camera = self.camera.as_ref();
        let trouble = camera.and_then(|camera| camera.trouble.clone());
        let hint = camera.and_then(|camera| camera.hint);
        let hint = || hint.map(|hint| texts.get(hint_key(hint)).to_owned());
        trouble.or_else(|| self.told(texts).next()).or_else(hint)
    }

    /// What is wrong with the readers on serial ports, a sentence each.
    pub fn told<'a>(&'a self, texts: &'a Texts) -> impl Iterator<Item = String> + 'a {
        let troubles = self.troubles.iter();
        troubles.map(|(name, trouble)| texts.fill(trouble_key(*trouble), &[("name", name)]))
    }
}

fn trouble_key(trouble: ReaderTrouble) -> &'static str {
    match trouble {
        ReaderTrouble::Absent => "ui.trouble_absent",
        ReaderTrouble::Unplugged => "ui.trouble_unplugged",
        ReaderTrouble::Taken => "ui.trouble_taken",
        ReaderTrouble::ModemManager => "ui.trouble_modem_manager",
        ReaderTrouble::Forbidden => "ui.trouble_forbidden",
        ReaderTrouble::Unusable => "ui.trouble_unusable",
        ReaderTrouble::NotStarted => "ui.trouble_not_started",
    }
}

fn hint_key(hint: Hint) -> &'static str {
    match hint {
        Hint::Brighter => "ui.hint_brighter",
        Hint::Contrast => "ui.hint_contrast",
        Hint::Glare => "ui.hint_glare",
        Hint::Farther => "ui.hint_farther",
        Hint::Still => "ui.hint_still",
    }
}

/// How round the corners of the camera's picture are, in points.
const CORNER: f32 = 12.0;

/// The camera's picture as the screen keeps it.
#[derive(Default)]
pub struct Preview {
    texture: Option<TextureHandle>,
    number: u64,
}

impl Preview {
    /// Paints what the camera sees as large as it fits into `rect`, mirrored as people know themselves; false without a picture.
    pub fn paint(&mut self, ui: &Ui, rect: Rect, camera: &CameraView) -> bool {
        let Some(picture) = &camera.picture else {
            self.texture = None;
            return false;
        };
        self.follow(ui.ctx(), picture);
        let Some(texture) = &self.texture else {
            return false;
        };
        let size = texture.size_vec2();
        let scale = (rect.width() / size.x).min(rect.height() / size.y);
        let place = Rect::from_center_size(rect.center(), vec2(size.x * scale, size.y * scale));
        let mirrored = Rect::from_min_max(pos2(1.0, 0.0), pos2(0.0, 1.0));
        let frame = RectShape::filled(place, CORNER, Color32::WHITE);
        ui.painter().add(frame.with_texture(texture.id(), mirrored));
        ui.painter().rect_stroke(place, CORNER, Stroke::new(1.5, theme::LINE), StrokeKind::Outside);
        true
    }

    /// Takes over a new picture.
    fn follow(&mut self, ctx: &Context, picture: &Grey) {
        if self.texture.is_some() && self.number == picture.number {
            return;
        }
        let Some(height) = picture.pixels.len().checked_div(picture.width) else {
            return;
        };
        let image = ColorImage::from_gray([picture.width, height], &picture.pixels);
        self.number = picture.number;
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => self.texture = Some(ctx.load_texture("camera", image, TextureOptions::LINEAR)),
        }
    }
}

/// The room for the camera's picture: wide, as cameras see.
pub fn frame_of(square: Rect, inner: Rect) -> Rect {
    let height = square.height() * 1.25;
    let width = (height * 16.0 / 9.0).min(inner.width());
    Rect::from_min_size(
        pos2(square.center().x - width / 2.0, inner.min.y),
        vec2(width, square.max.y - inner.min.y),
    )
}
