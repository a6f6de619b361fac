//! What is plugged in, beside what is used of it.

use crate::{
    console::ReaderArgs,
    device::{
        camera::{self, CameraInfo, choice::CameraChoice},
        serial::discover::{Found, plugged_in},
    },
    domain::scan::EntryMethod,
    ui::readers::Plugged,
};

/// All readers that could be used, and those that are used and gone.
pub(super) fn plugged(args: &ReaderArgs) -> Vec<Plugged> {
    let mut all = cameras(args, &camera::list());
    all.extend(ports(&args.serial, &plugged_in()));
    all
}

fn cameras(args: &ReaderArgs, found: &[CameraInfo]) -> Vec<Plugged> {
    let used = args.camera.as_ref().and_then(|choice| camera::chosen(found, choice));
    let mut all: Vec<Plugged> = found
        .iter()
        .map(|camera| Plugged {
            method: EntryMethod::Camera,
            id: camera.id.clone(),
            name: camera.name.clone(),
            used: used.is_some_and(|used| used.id == camera.id),
            sizes: camera.sides.iter().map(ToString::to_string).collect(),
            size: args.camera_sides.nearest(camera.sides.iter().copied()).map(|s| s.to_string()),
        })
        .collect();
    let gone = args.camera.as_ref().filter(|_| used.is_none()).map(CameraChoice::to_string);
    all.extend(gone.map(|name| absent(EntryMethod::Camera, &name, true)));
    all
}

fn ports(names: &[String], found: &[Found]) -> Vec<Plugged> {
    let mut all = vec![absent(
        EntryMethod::Serial,
        Plugged::ANY,
        names.iter().any(|name| name == Plugged::ANY),
    )];
    let mut rest: Vec<&String> = names.iter().filter(|name| *name != Plugged::ANY).collect();
    for port in found {
        let id = port.id.as_ref().map_or_else(|| port.port.clone(), ToString::to_string);
        let before = rest.len();
        rest.retain(|name| **name != id && **name != port.port);
        let name = port.product.clone().unwrap_or_else(|| port.port.clone());
        all.push(Plugged { name, ..absent(EntryMethod::Serial, &id, rest.len() < before) });
    }
    all.extend(rest.into_iter().map(|name| absent(EntryMethod::Serial, name, true)));
    all
}

/// A reader of which nothing is known but its name.
fn absent(method: EntryMethod, id: &str, used: bool) -> Plugged {
    Plugged { method, id: id.to_owned(), name: id.to_owned(), used, sizes: Vec::new(), size: None }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{console::Args, device::camera::choice::Sides};

    fn args(line: &str) -> ReaderArgs {
        Args::parse_from(line.split(' ')).readers
    }

    fn camera(id: &str, name: &str) -> CameraInfo {
        let sides = [(1920, 1080), (640, 480)].map(|(width, height)| Sides { width, height });
        CameraInfo { id: id.to_owned(), name: name.to_owned(), sides: sides.to_vec() }
    }

    fn told(all: &[Plugged]) -> Vec<(&str, bool)> {
        all.iter().map(|plugged| (plugged.id.as_str(), plugged.used)).collect()
    }

    #[test]
    fn the_camera_that_is_meant_is_the_one_in_use() {
        let found = [camera("/dev/video0", "Lid"), camera("/dev/video2", "C920")];
        for (line, expected) in [
            ("countersign", vec![("/dev/video0", false), ("/dev/video2", false)]),
            ("countersign --camera first", vec![("/dev/video0", true), ("/dev/video2", false)]),
            ("countersign --camera c920", vec![("/dev/video0", false), ("/dev/video2", true)]),
            (
                "countersign --camera Gone",
                vec![("/dev/video0", false), ("/dev/video2", false), ("Gone", true)],
            ),
        ] {
            assert_eq!(told(&cameras(&args(line), &found)), expected, "{line}");
        }
        let first = &cameras(&args("countersign --camera-sides 640x480"), &found)[0];
        assert_eq!(first.size.as_deref(), Some("640x480"));
        assert_eq!(first.next_size().as_deref(), Some("1920x1080"));
    }

    #[test]
    fn serial_readers_are_told_by_name_or_port_and_stay_when_they_are_gone() {
        let found = [Found {
            port: "/dev/ttyACM0".to_owned(),
            id: "0c2e:0b6a".parse().ok(),
            product: Some("Scanner".to_owned()),
            maker: None,
            known: None,
        }];
        for (line, expected) in [
            ("countersign", vec![("auto", false), ("0c2e:0b6a", false)]),
            ("countersign --serial auto", vec![("auto", true), ("0c2e:0b6a", false)]),
            ("countersign --serial /dev/ttyACM0", vec![("auto", false), ("0c2e:0b6a", true)]),
            (
                "countersign --serial 0c2e:0b6a --serial COM9",
                vec![("auto", false), ("0c2e:0b6a", true), ("COM9", true)],
            ),
        ] {
            assert_eq!(told(&ports(&args(line).serial, &found)), expected, "{line}");
        }
    }
}
