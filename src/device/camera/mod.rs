//! Cameras: where frames come from, and the watch that reads codes in them.
//!
//! A [`FrameSource`] is opened and read on a thread of its own, because a driver may block or panic at
//! any call. [`watch::Camera`] keeps such a thread, reads the newest frame and comes back after trouble.

pub mod choice;
pub mod exposure;
pub mod hint;
pub mod watch;

mod convert;
mod file;
mod slot;
mod steady;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(any(windows, target_os = "macos"))]
#[path = "native.rs"]
mod system;
#[cfg(not(any(windows, target_os = "linux", target_os = "macos")))]
#[path = "none.rs"]
mod system;
mod y4m;

use std::io;

use thiserror::Error;

use self::{
    choice::{CameraChoice, Sides},
    exposure::Exposure,
};
use super::{
    picture::{Luma, PictureError},
    qr::reader::ReadError,
};

/// What delivers frames.
pub trait FrameSource {
    /// The next frame; waits for it.
    fn frame(&mut self) -> Result<Luma, CameraError>;

    /// Exposes the next frames so, where the camera can.
    fn expose(&mut self, _exposure: Exposure) {}
}

/// A source that is open.
pub struct Opened {
    /// Its frames.
    pub source: Box<dyn FrameSource>,
    /// Its name, in words for the operator.
    pub name: String,
}

/// A camera of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraInfo {
    /// What `--camera` takes for it: the device's path, or its number in the system's list.
    pub id: String,
    /// The name it gives itself.
    pub name: String,
    /// The sizes of frames it offers, in pixels, the largest first; empty where the system does not say.
    pub sides: Vec<Sides>,
}

/// Why a camera does not work, in words for the operator.
#[derive(Debug, Error)]
pub enum CameraError {
    /// This computer has no camera.
    #[error("there is no camera")]
    None,
    /// None of the cameras has this name.
    #[error("there is no camera {name}")]
    NotFound {
        /// The name as it was given.
        name: String,
    },
    /// Another program has the camera.
    #[error("the camera {name} is used by another program")]
    Busy {
        /// The camera's name.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The user may not use the camera.
    #[error("this user may not open the camera {name}")]
    Forbidden {
        /// The camera's name.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The camera could not be set up.
    #[error("the camera {name} cannot be used: {reason}")]
    Unusable {
        /// The camera's name.
        name: String,
        /// What was wrong.
        reason: String,
    },
    /// The camera was open and then failed.
    #[error("the camera {name} was unplugged or failed: {reason}")]
    Gone {
        /// The camera's name.
        name: String,
        /// What was wrong.
        reason: String,
    },
    /// The camera is open and delivers nothing.
    #[error("the camera delivers no pictures")]
    Stalled,
    /// The driver gave up in an unforeseen way.
    #[error("the camera's driver failed")]
    Crashed,
    /// Drivers that never came back hold all the threads a camera may have.
    #[error("the camera's driver does not answer: restart the program")]
    Stuck,
    /// A file that stands in for a camera cannot be read.
    #[error("{path} cannot stand in for a camera")]
    File {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A picture that stands in for a frame cannot be taken.
    #[error("{path} cannot stand in for a camera: {source}")]
    Picture {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: PictureError,
    },
    /// A film that stands in for a camera is none, or of a kind that is not read.
    #[error("{path} is no film of uncompressed frames (Y4M): {reason}")]
    Film {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Codes are not read any more.
    #[error(transparent)]
    Unread(ReadError),
    /// The computer has no room for another thread.
    #[error("the camera cannot be started")]
    Thread(#[source] io::Error),
}

/// Opens what was chosen, with frames as near to `sides` as it has.
///
/// It may take seconds, and blocks for good where a driver does: call it on a thread that may be lost.
pub fn open(choice: &CameraChoice, sides: Sides) -> Result<Opened, CameraError> {
    match choice {
        CameraChoice::File(path) => file::open(path),
        CameraChoice::First => system::open(None, sides),
        CameraChoice::Named(name) => system::open(Some(name), sides),
    }
}

/// The cameras of this computer, in the system's order.
pub fn list() -> Vec<CameraInfo> {
    system::list()
}

/// Which of the cameras a choice means.
pub fn chosen<'a>(cameras: &'a [CameraInfo], choice: &CameraChoice) -> Option<&'a CameraInfo> {
    match choice {
        CameraChoice::First => cameras.first(),
        CameraChoice::Named(name) => named(cameras, name),
        CameraChoice::File(_) => None,
    }
}

/// Which camera a name means: the one with this id, or else the first whose own name holds it, whatever the case.
fn named<'a>(cameras: &'a [CameraInfo], name: &str) -> Option<&'a CameraInfo> {
    let low = name.to_lowercase();
    let by_id = cameras.iter().find(|camera| camera.id == name);
    by_id.or_else(|| cameras.iter().find(|camera| camera.name.to_lowercase().contains(&low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_named_by_its_id_or_by_part_of_its_name() {
        let camera =
            |id: &str, name: &str| CameraInfo { id: id.into(), name: name.into(), sides: vec![] };
        let cameras = [
            camera("/dev/video0", "Integrated Webcam"),
            camera("/dev/video2", "HD Pro Webcam C920"),
            camera("/dev/video20", "Counter"),
        ];
        let found = |name: &str| named(&cameras, name).map(|camera| camera.id.as_str());
        assert_eq!(found("/dev/video2"), Some("/dev/video2"));
        assert_eq!(found("c920"), Some("/dev/video2"));
        assert_eq!(found("webcam"), Some("/dev/video0"), "the first of several");
        assert_eq!(found("/dev/video7"), None);
    }
}
