//! What happens to a code between the printer or screen and the camera.

use crate::{random::Random, scene::Scene};

type Distort = fn(&mut Scene, &mut Random);

/// All distortions with their names.
pub const ALL: &[(&str, Distort)] = &[
    ("clean", |_, _| {}),
    ("tilt 20 degrees", |s, _| s.tilt = 20.0),
    ("tilt 35 degrees", |s, _| s.tilt = 35.0),
    ("tilt 50 degrees", |s, _| s.tilt = 50.0),
    ("any rotation", |s, r| s.turn = r.between(0.0, 360.0)),
    ("defocus 0.35 module", |s, _| s.defocus = 0.35),
    ("defocus 0.55 module", |s, _| s.defocus = 0.55),
    ("defocus 0.75 module", |s, _| s.defocus = 0.75),
    ("motion 1 module", |s, _| s.motion = 1.0),
    ("motion 1.5 modules", |s, _| s.motion = 1.5),
    ("noise 25", |s, _| s.noise = 25.0),
    ("noise 40", |s, _| s.noise = 40.0),
    ("moire 20 %", |s, _| s.moire = 0.2),
    ("moire 40 %", |s, _| s.moire = 0.4),
    ("contrast 30 levels", |s, _| (s.ink, s.paper) = (110.0, 140.0)),
    ("contrast 16 levels", |s, _| (s.ink, s.paper) = (112.0, 128.0)),
    ("glare 3 %", |s, _| s.glare = 0.03),
    ("glare 8 %", |s, _| s.glare = 0.08),
    ("dark mode", |s, _| s.dark_mode = true),
    ("cracked glass", |s, _| s.cracks = 3),
    ("badly cracked glass", |s, _| s.cracks = 6),
    ("shadow 50 %", |s, _| s.shadow = 0.5),
    ("shadow 75 %", |s, _| s.shadow = 0.75),
    ("thermal print", |s, _| thermal(s, 60.0, 1.0)),
    ("thermal, faded and curled", |s, _| thermal(s, 140.0, 2.5)),
    ("everything mixed", mixed),
];

fn thermal(scene: &mut Scene, ink: f32, curl: f32) {
    (scene.ink, scene.paper) = (ink, 215.0);
    scene.thermal = Some((0.04, 0.08));
    (scene.curl, scene.noise, scene.defocus) = (curl, 5.0, 0.25);
}

/// A bit of everything, as a hand holds a phone or a slip before a poor camera in a poor light.
fn mixed(scene: &mut Scene, random: &mut Random) {
    held(scene, random, 1.0);
}

/// A bit of everything; `share` of the worst of [`mixed`].
pub fn held(scene: &mut Scene, random: &mut Random, share: f32) {
    scene.tilt = random.between(-30.0, 30.0) * share;
    scene.turn = random.between(-40.0, 40.0) * share;
    scene.defocus = 0.1 + random.between(0.0, 0.4) * share;
    scene.motion = random.between(0.0, 1.2) * share;
    scene.noise = 3.0 + random.between(0.0, 15.0) * share;
    scene.moire = random.between(0.0, 0.2) * share;
    scene.shadow = random.between(0.0, 0.5) * share;
    scene.glare = random.between(0.0, 0.03) * share;
    scene.ink = 20.0 + random.between(0.0, 60.0) * share;
    scene.paper = 230.0 - (90.0 - random.between(0.0, 90.0)) * share;
    scene.cracks = u32::from(random.unit() < 0.2 * share);
    if random.unit() < 0.3 * share {
        scene.thermal = Some((0.02, 0.06));
        scene.curl = random.between(0.0, 1.5);
    }
}
