//! Cameras on Windows (Media Foundation) and macOS (AVFoundation), by `nokhwa`.

use nokhwa::{
    Camera,
    utils::{
        ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
    },
};

use super::{
    CameraError, CameraInfo, FrameSource, Opened,
    choice::Sides,
    convert::{Layout, grey},
    named,
};
use crate::device::picture::Luma;

/// What is read of what a camera may send, the best first.
const FORMATS: [(FrameFormat, Layout); 5] = [
    (FrameFormat::NV12, Layout::Plane),
    (FrameFormat::GRAY, Layout::Plane),
    (FrameFormat::YUYV, EVEN_OR_ODD),
    (FrameFormat::MJPEG, Layout::Jpeg),
    (FrameFormat::RAWRGB, Layout::Rgb),
];

/// Media Foundation sends YUY2; AVFoundation calls its UYVY ("2vuy") by the same name.
const EVEN_OR_ODD: Layout =
    if cfg!(target_os = "macos") { Layout::OddBytes } else { Layout::EvenBytes };

/// Frames a second that are asked for; slower cameras give what they have.
const RATE: u32 = 30;

/// The cameras, by their number in the system's list.
pub(super) fn list() -> Vec<CameraInfo> {
    let cameras = nokhwa::query(ApiBackend::Auto).unwrap_or_else(|error| {
        tracing::warn!(%error, "the cameras cannot be listed");
        Vec::new()
    });
    let info = |camera: &nokhwa::utils::CameraInfo| CameraInfo {
        id: camera.index().as_string(),
        name: camera.human_name(),
        sides: Vec::new(),
    };
    cameras.iter().map(info).collect()
}

/// Opens the camera of this name, or the first one.
pub(super) fn open(name: Option<&str>, sides: Sides) -> Result<Opened, CameraError> {
    let cameras = list();
    let info = match name {
        None => cameras.first().ok_or(CameraError::None)?,
        Some(name) => {
            named(&cameras, name).ok_or_else(|| CameraError::NotFound { name: name.to_owned() })?
        }
    };
    let index = info.id.parse().map_or(CameraIndex::String(info.id.clone()), CameraIndex::Index);
    let mut reason = String::new();
    for (format, layout) in FORMATS {
        match started(&index, sides, format) {
            Ok(camera) => {
                let source = Source { name: info.name.clone(), camera, layout };
                return Ok(Opened { source: Box::new(source), name: info.name.clone() });
            }
            Err(error) => reason = error.to_string(),
        }
    }
    Err(CameraError::Unusable { name: info.name.clone(), reason })
}

fn started(
    index: &CameraIndex,
    sides: Sides,
    format: FrameFormat,
) -> Result<Camera, nokhwa::NokhwaError> {
    let wish = CameraFormat::new_from(sides.width, sides.height, format, RATE);
    let formats = [format];
    let request = RequestedFormat::with_formats(RequestedFormatType::Closest(wish), &formats);
    let mut camera = Camera::new(index.clone(), request)?;
    camera.open_stream()?;
    Ok(camera)
}

struct Source {
    name: String,
    camera: Camera,
    layout: Layout,
}

impl FrameSource for Source {
    fn frame(&mut self) -> Result<Luma, CameraError> {
        let gone = |reason: String| CameraError::Gone { name: self.name.clone(), reason };
        let size = self.camera.resolution();
        let sides = Sides { width: size.width(), height: size.height() };
        let bytes = self.camera.frame_raw().map_err(|error| gone(error.to_string()))?;
        grey(&bytes, sides, 0, self.layout)
            .ok_or_else(|| gone("its pictures cannot be read".to_owned()))
    }
}
