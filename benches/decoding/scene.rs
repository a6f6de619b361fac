//! A code on a counter as a camera sees it.

use countersign::device::picture::Luma;
use qrcode::{Color, EcLevel, QrCode};

use crate::random::Random;

/// Everything that decides what a frame looks like. Lengths are in modules unless said otherwise.
pub struct Scene {
    code: Option<QrCode>,
    pub width: usize,
    pub height: usize,
    /// Pixels per module.
    pub module: f32,
    /// Degrees.
    pub turn: f32,
    /// Degrees.
    pub tilt: f32,
    pub ink: f32,
    pub paper: f32,
    pub dark_mode: bool,
    pub defocus: f32,
    pub motion: f32,
    /// Deviation in grey levels.
    pub noise: f32,
    /// Share of the contrast.
    pub moire: f32,
    /// Share of the light that a hard shadow over half the code takes.
    pub shadow: f32,
    /// Share of the code's area under a burnt-out spot.
    pub glare: f32,
    pub cracks: u32,
    /// Share of the printer's dots that stay white, and how far dark modules swell.
    pub thermal: Option<(f32, f32)>,
    /// How far curled paper leaves the plane in its middle.
    pub curl: f32,
}

impl Scene {
    /// A code of level M in the middle of a frame, sharp and well lit.
    pub fn of(text: &str, random: &mut Random) -> Self {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let mut scene = Self::empty(1280, 720);
        scene.code = Some(code);
        scene.module = random.between(3.0, 6.0);
        scene.turn = random.between(-12.0, 12.0);
        scene.tilt = random.between(-8.0, 8.0);
        scene
    }

    /// A counter without a code.
    pub fn empty(width: usize, height: usize) -> Self {
        Self {
            code: None,
            width,
            height,
            module: 4.0,
            turn: 0.0,
            tilt: 0.0,
            ink: 25.0,
            paper: 225.0,
            dark_mode: false,
            defocus: 0.15,
            motion: 0.0,
            noise: 3.0,
            moire: 0.0,
            shadow: 0.0,
            glare: 0.0,
            cracks: 0,
            thermal: None,
            curl: 0.0,
        }
    }

    /// The frame.
    pub fn frame(&self, random: &mut Random) -> Luma {
        let mut light = counter(self.width, self.height, random);
        if let Some(code) = &self.code {
            self.draw(code, &mut light, random);
        }
        self.smear(&mut light, random);
        let pixels =
            light.iter().map(|l| (l + self.noise * random.normal()).clamp(0.0, 255.0) as u8);
        Luma::new(self.width, self.height, pixels.collect()).unwrap()
    }

    fn draw(&self, code: &QrCode, light: &mut [f32], random: &mut Random) {
        let card = Card::new(self, code, random);
        for (i, light) in light.iter_mut().enumerate() {
            let (x, y) = ((i % self.width) as f32, (i / self.width) as f32);
            let samples = [0.17, 0.5, 0.83].map(|dy| {
                [0.17, 0.5, 0.83].map(|dx| card.light(x + dx, y + dy)).iter().flatten().sum::<f32>()
            });
            if card.light(x + 0.5, y + 0.5).is_some() {
                *light = (samples.iter().sum::<f32>() / 9.0).min(255.0);
            }
        }
    }

    fn smear(&self, light: &mut Vec<f32>, random: &mut Random) {
        let sigma = self.defocus * self.module;
        if sigma > 0.2 {
            let kernel = gauss(sigma);
            *light = along(light, (self.width, self.height), &kernel, (1.0, 0.0));
            *light = along(light, (self.width, self.height), &kernel, (0.0, 1.0));
        }
        if self.motion > 0.0 {
            let taps = (self.motion * self.module).round().max(1.0) as usize;
            let way = random.between(0.0, std::f32::consts::PI).sin_cos();
            let kernel = vec![1.0 / taps as f32; taps];
            *light = along(light, (self.width, self.height), &kernel, way);
        }
    }
}

fn gauss(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as i16;
    let weights: Vec<f32> =
        (-reach..=reach).map(|i| (-(f32::from(i) / sigma).powi(2) / 2.0).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// The picture folded with a kernel laid along a direction.
fn along(
    light: &[f32],
    (width, height): (usize, usize),
    kernel: &[f32],
    way: (f32, f32),
) -> Vec<f32> {
    let half = (kernel.len() as f32 - 1.0) / 2.0;
    let steps: Vec<(isize, isize, f32)> = kernel
        .iter()
        .enumerate()
        .map(|(i, weight)| {
            let at = i as f32 - half;
            ((way.0 * at).round() as isize, (way.1 * at).round() as isize, *weight)
        })
        .collect();
    let near = |at: usize, by: isize, end: usize| at.saturating_add_signed(by).min(end - 1);
    let pixel = |x: usize, y: usize| {
        let parts = steps
            .iter()
            .map(|(dx, dy, w)| light[near(y, *dy, height) * width + near(x, *dx, width)] * w);
        parts.sum()
    };
    (0..width * height).map(|i| pixel(i % width, i / width)).collect()
}

/// Wood, papers and printed lines.
fn counter(width: usize, height: usize, random: &mut Random) -> Vec<f32> {
    let (base, slope) = (random.between(60.0, 150.0), random.between(-60.0, 60.0));
    let mut light: Vec<f32> =
        (0..width * height).map(|i| base + slope * (i % width) as f32 / width as f32).collect();
    for _ in 0..14 {
        let (left, top) = (random.unit() * width as f32, random.unit() * height as f32);
        let (wide, high) = (random.between(40.0, 400.0), random.between(30.0, 250.0));
        let (paper, ink) = (random.between(30.0, 240.0), random.between(20.0, 200.0));
        let (line, letter) = (random.between(6.0, 24.0), random.between(3.0, 9.0));
        let printed = random.unit() < 0.6;
        for y in top as usize..((top + high) as usize).min(height) {
            for x in left as usize..((left + wide) as usize).min(width) {
                let text = ((y as f32 / line) as u32).is_multiple_of(2)
                    && (x as f32 / letter + (y as f32 / line).floor() * 1.7).sin() > 0.1;
                light[y * width + x] = if printed && text { ink } else { paper };
            }
        }
    }
    light
}

/// The card with the code, and what lies on it.
struct Card<'a> {
    scene: &'a Scene,
    code: &'a QrCode,
    side: f32,
    phase: f32,
    spot: (f32, f32),
    cracks: Vec<(f32, f32, f32)>,
    dead: Vec<bool>,
}

impl<'a> Card<'a> {
    fn new(scene: &'a Scene, code: &'a QrCode, random: &mut Random) -> Self {
        let side = code.width() as f32;
        let share = scene.thermal.map_or(0.0, |(dead, _)| dead);
        let crack = |random: &mut Random| {
            let angle = random.between(0.0, std::f32::consts::PI);
            (angle.cos(), angle.sin(), random.between(-0.4, 0.4) * side)
        };
        Self {
            scene,
            code,
            side,
            phase: random.between(0.0, 6.0),
            spot: (random.between(-0.35, 0.35) * side, random.between(-0.35, 0.35) * side),
            cracks: (0..scene.cracks).map(|_| crack(random)).collect(),
            dead: (0..65536).map(|_| random.unit() < share).collect(),
        }
    }

    /// The light of the card at a place of the frame; none beside the card.
    fn light(&self, x: f32, y: f32) -> Option<f32> {
        let (x, y) = self.place(x, y);
        let reach = self.side / 2.0 + 4.0;
        (x.abs() < reach && y.abs() < reach).then(|| self.lit(x, y))
    }

    /// Modules from the middle of the code: the frame's place, laid back on the tilted, turned card.
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let scene = self.scene;
        let (x, y) = (x - scene.width as f32 / 2.0, y - scene.height as f32 / 2.0);
        let (sin, cos) = scene.tilt.to_radians().sin_cos();
        let focus = scene.width as f32;
        let down = y * focus / (focus * cos - y * sin);
        let right = x * (focus + down * sin) / focus;
        let (sin, cos) = scene.turn.to_radians().sin_cos();
        let (x, y) = (right * cos + down * sin, down * cos - right * sin);
        let (x, y) = (x / scene.module, y / scene.module);
        let bulge = 1.0 - (x / (self.side / 2.0)).powi(2).min(1.0);
        (x, y + scene.curl * bulge)
    }

    fn lit(&self, x: f32, y: f32) -> f32 {
        let scene = self.scene;
        let mut light = if self.dark(x, y) == scene.dark_mode { scene.paper } else { scene.ink };
        light += scene.moire * (scene.paper - scene.ink) * (x * 1.3 + y * 2.1 + self.phase).sin();
        if x * 0.8 + y * 0.6 > 0.0 {
            light *= 1.0 - scene.shadow;
        }
        if self.cracks.iter().any(|(cos, sin, off)| (x * cos + y * sin - off).abs() < 0.25) {
            light = if (x * 3.0 + y).sin() > 0.0 { 235.0 } else { 40.0 };
        }
        let far = (x - self.spot.0).hypot(y - self.spot.1);
        let radius = self.side * (scene.glare / std::f32::consts::PI).sqrt();
        light + 255.0 * (radius + 2.0 - far).clamp(0.0, 2.0) / 2.0 * f32::from(scene.glare > 0.0)
    }

    fn dark(&self, x: f32, y: f32) -> bool {
        let (x, y) = (x + self.side / 2.0, y + self.side / 2.0);
        let Some((_, swell)) = self.scene.thermal else {
            return self.module(x, y);
        };
        // Five dots of the printer are one module.
        let dot = (x * 5.0).floor().rem_euclid(256.0) as usize * 256
            + (y * 5.0).floor().rem_euclid(256.0) as usize;
        let near = [(-swell, 0.0), (swell, 0.0), (0.0, -swell), (0.0, swell)];
        !self.dead[dot] && near.iter().any(|(dx, dy)| self.module(x + dx, y + dy))
    }

    fn module(&self, x: f32, y: f32) -> bool {
        let inside = |at: f32| at >= 0.0 && at < self.side;
        inside(x) && inside(y) && self.code[(x as usize, y as usize)] == Color::Dark
    }
}
