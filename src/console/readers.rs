//! `readers`: what is plugged in, and what it would do.

use serde_json::json;

use super::{Console, ConsoleError, Exit};
use crate::device::camera::{self, CameraInfo, choice::Sides};

pub(super) fn run(console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    let cameras = camera::list();
    if cameras.is_empty() && !console.json {
        console
            .line("no camera; `--camera file:PATH` lets a picture, a folder or a film stand in")?;
    }
    cameras.iter().try_for_each(|camera| tell_camera(console, camera))?;
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
