//! A system whose cameras are not known: only files can stand in for one.

use super::{CameraError, CameraInfo, Opened, choice::Sides};

/// No camera.
pub(super) fn list() -> Vec<CameraInfo> {
    Vec::new()
}

/// Always an error.
pub(super) fn open(name: Option<&str>, _sides: Sides) -> Result<Opened, CameraError> {
    Err(name.map_or(CameraError::None, |name| CameraError::NotFound { name: name.to_owned() }))
}
