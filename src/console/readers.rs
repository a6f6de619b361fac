//! `readers`: what is plugged in, and what it would do.

use serde_json::json;

use super::{Console, ConsoleError, Exit};
use crate::device::{
    camera::{self, CameraInfo, choice::Sides},
    serial::{
        discover::{Found, plugged_in},
        ids::Mode,
    },
};

pub(super) fn run(console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    let cameras = camera::list();
    if cameras.is_empty() && !console.json {
        console
            .line("no camera; `--camera file:PATH` lets a picture, a folder or a film stand in")?;
    }
    cameras.iter().try_for_each(|camera| tell_camera(console, camera))?;
    let ports = plugged_in();
    if ports.is_empty() && !console.json {
        console.line("no serial port; a reader that types like a keyboard needs none")?;
    }
    ports.iter().try_for_each(|port| tell_port(console, port))?;
    Ok(Exit::Done)
}

fn tell_camera(console: &mut Console<'_>, camera: &CameraInfo) -> Result<(), ConsoleError> {
    let wish = Sides::default().nearest(camera.sides.iter().copied());
    if console.json {
        let sides: Vec<String> = camera.sides.iter().map(ToString::to_string).collect();
        return console.line(json!({
            "kind": "camera",
            "id": camera.id,
            "name": camera.name,
            "sides": sides,
            "opened_with": wish.map(|sides| sides.to_string()),
        }));
    }
    let does = match wish {
        Some(sides) => format!("would read codes in pictures of {sides}"),
        None => "would be asked for its sizes when it is opened".to_owned(),
    };
    console.line(format_args!(
        "camera  {}  {}: {does} (--camera {})",
        camera.id, camera.name, camera.id
    ))
}

fn tell_port(console: &mut Console<'_>, found: &Found) -> Result<(), ConsoleError> {
    let id = found.id.as_ref().map(ToString::to_string);
    let name = id.clone().unwrap_or_else(|| found.port.clone());
    if console.json {
        return console.line(json!({
            "kind": "serial",
            "port": found.port,
            "id": id,
            "product": found.product,
            "maker": found.known.map(|known| known.maker),
            "model": found.known.and_then(|known| known.model),
            "reader": found.is_reader(),
        }));
    }
    let product = found.product.as_deref().unwrap_or("a serial port");
    console.line(format_args!(
        "serial  {}  {product}: {} (--serial {name})",
        found.port,
        does(found)
    ))
}

fn does(found: &Found) -> String {
    let Some(known) = found.known else {
        return "not a known reader; would be read if it is named".to_owned();
    };
    let model = known.model.map(|model| format!(" {model}")).unwrap_or_default();
    match known.mode {
        Mode::Serial => format!("{}{model}, would be read as a reader", known.maker),
        Mode::Keyboard | Mode::HidPos => {
            format!("{}{model}, known in another mode; would be read if it is named", known.maker)
        }
    }
}
