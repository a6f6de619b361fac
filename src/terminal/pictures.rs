//! Pictures on their way to the counter: a thread that decodes one at a time and hands over what it read.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::Builder,
    time::Duration,
};

use super::{command::Command, handle::TerminalHandle};
use crate::{
    device::{
        picture::{self, Luma},
        qr::reader::Reader,
    },
    domain::scan::{EntryMethod, ScanFailure},
};

/// How long one picture may take before the cashier is told.
const BUDGET: Duration = Duration::from_secs(2);

/// Pictures that may wait; while they do, newer ones are dropped.
const WAITING_MAX: usize = 2;

/// Where pictures are handed in.
pub struct Pictures {
    inbox: SyncSender<Vec<u8>>,
}

impl Pictures {
    /// Starts the thread; it ends when this is dropped.
    pub fn start<E>(handle: TerminalHandle<E>) -> io::Result<Self>
    where
        E: From<Command> + Send + 'static,
    {
        let (inbox, pictures) = sync_channel(WAITING_MAX);
        let reader = Reader::start()?;
        Builder::new()
            .name("pictures".to_owned())
            .spawn(move || work(reader, &pictures, &handle))?;
        Ok(Self { inbox })
    }

    /// Hands in a picture file's bytes; false when others still wait.
    pub fn hold(&self, bytes: Vec<u8>) -> bool {
        self.inbox.try_send(bytes).is_ok()
    }
}

fn work<E: From<Command>>(
    mut reader: Reader,
    pictures: &Receiver<Vec<u8>>,
    handle: &TerminalHandle<E>,
) {
    while let Ok(bytes) = pictures.recv() {
        handle.send(match picture::load(&bytes) {
            Ok(luma) => read(&mut reader, luma),
            Err(error) => failed(&error.to_string()),
        });
    }
}

/// The command a picture stands for: the first code of ours in it, or else the first of any kind.
fn read(reader: &mut Reader, luma: Luma) -> Command {
    match reader.read(luma, BUDGET) {
        Ok(texts) => match first_of_ours(texts) {
            Some(text) => Command::Scan { text, method: EntryMethod::Camera },
            None => failed("no code in the picture"),
        },
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(reason: &str) -> Command {
    tracing::info!(reason, "a picture holds nothing readable");
    Command::ScanFailed { why: ScanFailure::Picture, method: EntryMethod::Camera }
}

/// Of several codes in one picture, a voucher goes first.
pub fn first_of_ours(mut texts: Vec<String>) -> Option<String> {
    let ours = texts.iter().position(|text| text.starts_with("CS")).unwrap_or(0);
    (ours < texts.len()).then(|| texts.swap_remove(ours))
}
