//! Cameras on Linux, by V4L2.

use std::{
    io::{self, ErrorKind},
    ops::RangeInclusive,
    path::Path,
};

use linuxvideo::{
    BufType, CapabilityFlags, Device,
    controls::Cid,
    format::{DiscreteFrameSize, FrameSizes, PixFormat, PixelFormat},
    stream::ReadStream,
};

use super::{
    CameraError, CameraInfo, FrameSource, Opened,
    choice::Sides,
    convert::{Layout, grey},
    exposure::Exposure,
    named,
};
use crate::device::picture::Luma;

/// What is read of what a camera may send, the best first: JPEG alone is fast enough over USB at large sides.
const FORMATS: [(&[u8; 4], Layout); 9] = [
    (b"MJPG", Layout::Jpeg),
    (b"JPEG", Layout::Jpeg),
    (b"GREY", Layout::Plane),
    (b"NV12", Layout::Plane),
    (b"YU12", Layout::Plane),
    (b"YUYV", Layout::EvenBytes),
    (b"YVYU", Layout::EvenBytes),
    (b"UYVY", Layout::OddBytes),
    (b"RGB3", Layout::Rgb),
];

/// Sizes offered for cameras that take any.
const USUAL: [(u32, u32); 4] = [(1920, 1080), (1280, 720), (800, 600), (640, 480)];

/// The cameras, by path; those that cannot be opened are named by their path alone.
pub(super) fn list() -> Vec<CameraInfo> {
    let mut paths = paths();
    paths.sort_by_key(|path| (path.len(), path.clone()));
    paths.into_iter().filter_map(info).collect()
}

fn paths() -> Vec<String> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with("video")).map(|name| format!("/dev/{name}")).collect()
}

/// Many cameras have a second device for data about the frames; it is none.
fn info(path: String) -> Option<CameraInfo> {
    let device = match Device::open(Path::new(&path)) {
        Ok(device) => device,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Some(CameraInfo { name: path.clone(), id: path, sides: Vec::new() });
        }
        Err(_) => return None,
    };
    let abilities = device.capabilities().ok()?;
    let captures = abilities.device_capabilities().contains(CapabilityFlags::VIDEO_CAPTURE);
    let mut sides: Vec<Sides> = offers(&device).into_iter().map(|offer| offer.sides).collect();
    sides.sort_unstable_by(|a, b| b.cmp(a));
    sides.dedup();
    (captures && !sides.is_empty()).then(|| CameraInfo {
        name: abilities.card().to_owned(),
        id: path,
        sides,
    })
}

/// A format and size that a camera has.
struct Offer {
    format: PixelFormat,
    layout: Layout,
    sides: Sides,
}

fn offers(device: &Device) -> Vec<Offer> {
    let listed = device.formats(BufType::VIDEO_CAPTURE).flatten();
    let formats: Vec<PixelFormat> = listed.map(|format| format.pixel_format()).collect();
    let known = FORMATS.iter().map(|&(code, layout)| (PixelFormat::from_fourcc(*code), layout));
    let there = known.filter(|(format, _)| formats.contains(format));
    let sized = there.flat_map(|(format, layout)| {
        sizes(device, format).into_iter().map(move |sides| Offer { format, layout, sides })
    });
    sized.collect()
}

fn sizes(device: &Device, format: PixelFormat) -> Vec<Sides> {
    match device.frame_sizes(format) {
        Ok(FrameSizes::Discrete(listed)) => {
            let sides =
                |size: &DiscreteFrameSize| Sides { width: size.width(), height: size.height() };
            listed.iter().map(sides).collect()
        }
        Ok(FrameSizes::Stepwise(range) | FrameSizes::Continuous(range)) => {
            let usual = USUAL.map(|(width, height)| Sides { width, height });
            let fits = |sides: &Sides| {
                (range.min_width()..=range.max_width()).contains(&sides.width)
                    && (range.min_height()..=range.max_height()).contains(&sides.height)
            };
            usual.into_iter().filter(fits).collect()
        }
        // Loopback devices do not list sizes and tell theirs when they are opened.
        Err(_) => vec![Sides::default()],
    }
}

/// Opens the camera of this name, or the first one.
pub(super) fn open(name: Option<&str>, sides: Sides) -> Result<Opened, CameraError> {
    let info = chosen(name)?;
    let label = format!("{} ({})", info.name, info.id);
    let fail = |error: io::Error| refused(label.clone(), error);
    let device = Device::open(Path::new(&info.id)).map_err(fail)?;
    let offers = offers(&device);
    let unusable =
        |reason: &str| CameraError::Unusable { name: label.clone(), reason: reason.into() };
    let best = sides.nearest(offers.iter().map(|offer| offer.sides));
    let offer = offers.into_iter().find(|offer| Some(offer.sides) == best);
    let offer = offer.ok_or_else(|| unusable("it sends pictures of a kind that is not read"))?;
    let wish = PixFormat::new(offer.sides.width, offer.sides.height, offer.format);
    let capture = device.video_capture(wish).map_err(fail)?;
    let (sides, stride) = chosen_format(capture.format(), &offer)
        .ok_or_else(|| unusable("it sends pictures of another kind than it says"))?;
    let stream = capture.into_stream().map_err(fail)?;
    let shutter = Shutter::of(Path::new(&info.id));
    let source =
        Running { name: label.clone(), stream, sides, stride, layout: offer.layout, shutter };
    Ok(Opened { source: Box::new(source), name: label })
}

/// A path that was given need not be in the list: it may be a link that a udev rule made.
fn chosen(name: Option<&str>) -> Result<CameraInfo, CameraError> {
    let cameras = list();
    match name {
        None => cameras.into_iter().next().ok_or(CameraError::None),
        Some(path) if Path::new(path).is_absolute() && Path::new(path).exists() => {
            Ok(CameraInfo { id: path.into(), name: path.into(), sides: Vec::new() })
        }
        Some(name) => named(&cameras, name)
            .cloned()
            .ok_or_else(|| CameraError::NotFound { name: name.to_owned() }),
    }
}

/// The driver may choose other sides than asked for, and pads rows.
fn chosen_format(format: &PixFormat, offer: &Offer) -> Option<(Sides, usize)> {
    let sides = Sides { width: format.width(), height: format.height() };
    let same = format.pixel_format() == offer.format;
    let stride = usize::try_from(format.bytes_per_line()).ok()?;
    same.then_some((sides, stride))
}

fn refused(name: String, source: io::Error) -> CameraError {
    let kind = source.kind();
    if kind == ErrorKind::NotFound {
        CameraError::NotFound { name }
    } else if kind == ErrorKind::PermissionDenied {
        CameraError::Forbidden { name, source }
    } else if kind == ErrorKind::ResourceBusy {
        CameraError::Busy { name, source }
    } else {
        CameraError::Unusable { name, reason: source.to_string() }
    }
}

struct Running {
    name: String,
    stream: ReadStream,
    sides: Sides,
    stride: usize,
    layout: Layout,
    shutter: Option<Shutter>,
}

/// The exposure of a camera that finds its own, by a second handle: the one that streams takes no orders.
struct Shutter {
    device: Device,
    /// How it finds its own.
    auto: i32,
    range: RangeInclusive<i32>,
}

/// The camera's exposure is set by hand (`V4L2_EXPOSURE_MANUAL` of the kernel's camera controls).
const MANUAL: i32 = 1;

impl Shutter {
    /// None where the camera cannot be set, and where somebody set it by hand.
    fn of(path: &Path) -> Option<Self> {
        let device = Device::open(path).ok()?;
        let mut controls = device.controls().flatten();
        let absolute = controls.find(|control| control.id() == Cid::EXPOSURE_ABSOLUTE)?;
        let auto = device.read_control_raw(Cid::EXPOSURE_AUTO).ok()?;
        let range = absolute.minimum()..=absolute.maximum();
        (auto != MANUAL).then_some(Self { device, auto, range })
    }

    fn set(&mut self, exposure: Exposure) -> io::Result<()> {
        let factor = match exposure {
            Exposure::Auto => {
                return self.device.write_control_raw(Cid::EXPOSURE_AUTO, self.auto);
            }
            Exposure::Darker => 1,
            Exposure::Brighter => 16,
        };
        let found = self.device.read_control_raw(Cid::EXPOSURE_ABSOLUTE)?;
        let time = found
            .saturating_mul(factor)
            .saturating_div(4)
            .clamp(*self.range.start(), *self.range.end());
        self.device.write_control_raw(Cid::EXPOSURE_AUTO, MANUAL)?;
        self.device.write_control_raw(Cid::EXPOSURE_ABSOLUTE, time)
    }
}

/// A camera that is let go finds its own exposure again.
impl Drop for Shutter {
    fn drop(&mut self) {
        if let Err(error) = self.set(Exposure::Auto) {
            tracing::debug!(%error, "the camera's exposure cannot be set back");
        }
    }
}

/// Damaged frames in a row before a camera counts as failed: at the start some send a few.
const DAMAGED_MAX: u32 = 60;

impl FrameSource for Running {
    fn expose(&mut self, exposure: Exposure) {
        let set = self.shutter.as_mut().map(|shutter| shutter.set(exposure));
        if let Some(Err(error)) = set {
            tracing::debug!(%error, "the camera's exposure cannot be set");
            self.shutter = None;
        }
    }

    fn frame(&mut self) -> Result<Luma, CameraError> {
        let (sides, stride, layout) = (self.sides, self.stride, self.layout);
        for _ in 0..DAMAGED_MAX {
            let taken = self.stream.dequeue(|buffer| {
                let whole = !buffer.is_error();
                Ok(whole.then(|| grey(&buffer, sides, stride, layout)).flatten())
            });
            let gone = |reason: io::Error| CameraError::Gone {
                name: self.name.clone(),
                reason: reason.to_string(),
            };
            if let Some(luma) = taken.map_err(gone)? {
                return Ok(luma);
            }
        }
        let reason = "its pictures cannot be read".to_owned();
        Err(CameraError::Gone { name: self.name.clone(), reason })
    }
}
