//! What a power cut leaves on a disk.

use std::collections::BTreeSet;

use rand_chacha::rand_core::Rng;

use super::{
    content::{Content, parts, within},
    image::{Change, Image, Node, NodeId},
};

/// The unit a disk writes whole, or tears.
const SECTOR: usize = 512;

/// How a cut treats what was not synced.
#[derive(Clone, Copy)]
enum Mood {
    /// Nothing of it is on the disk.
    LosesAll,
    /// All of it is on the disk.
    KeepsAll,
    /// Each operation has a fate of its own.
    Mixed,
}

impl Image {
    /// What a power cut at this moment may leave; another `rng`, another outcome.
    #[must_use]
    pub fn cut(&self, rng: &mut impl Rng) -> Self {
        let mood = match below(rng, 8) {
            0 | 1 => Mood::LosesAll,
            2 => Mood::KeepsAll,
            _ => Mood::Mixed,
        };
        let mut left = Self::default();
        for (name, id) in self.names_after(mood, rng) {
            if let Some(node) = self.nodes.get(&id) {
                left.put(name, remains(node, mood, rng));
            }
        }
        left
    }

    /// What the worst power cut leaves: nothing but what was synced.
    #[must_use]
    pub fn synced_only(&self) -> Self {
        let mut left = Self::default();
        for (name, id) in &self.synced_names {
            if let Some(node) = self.nodes.get(id) {
                left.put(name.clone(), node.synced.clone());
            }
        }
        left
    }

    /// Each name as one of the changes to it left it, or as it was synced.
    fn names_after(&self, mood: Mood, rng: &mut impl Rng) -> Vec<(String, NodeId)> {
        let unsynced = self.unsynced_names.iter().map(|(name, _)| name);
        let all: BTreeSet<&String> = self.synced_names.keys().chain(unsynced).collect();
        let mut names = Vec::new();
        for name in all {
            let mut states = vec![self.synced_names.get(name).copied()];
            let own = self.unsynced_names.iter().filter(|(changed, _)| changed == name);
            states.extend(own.map(|(_, node)| *node));
            let chosen = match mood {
                Mood::LosesAll => 0,
                Mood::KeepsAll => states.len().saturating_sub(1),
                Mood::Mixed => below(rng, states.len()),
            };
            if let Some(Some(id)) = states.get(chosen) {
                names.push((name.clone(), *id));
            }
        }
        names
    }
}

fn remains(node: &Node, mood: Mood, rng: &mut impl Rng) -> Content {
    match mood {
        Mood::LosesAll => return node.synced.clone(),
        Mood::KeepsAll => return node.live.clone(),
        Mood::Mixed => {}
    }
    let mut content = node.synced.clone();
    for change in &node.unsynced {
        match (change, below(rng, 4)) {
            (_, 0) => {}
            (Change::Write { at, bytes }, 1) => write_partly(&mut content, *at, bytes, rng),
            (Change::Write { at, bytes }, _) => content.write(*at, bytes),
            (Change::Length(len), _) => content.set_len(*len),
        }
    }
    content
}

/// Of each sector: what it should be, what it was, half of it, or rubbish.
fn write_partly(content: &mut Content, at: usize, bytes: &[u8], rng: &mut impl Rng) {
    for sector in parts(at, bytes.len(), SECTOR) {
        let Some(written) = bytes.get(within(&sector, at)) else {
            continue;
        };
        match below(rng, 8) {
            0..=3 => content.write(sector.start, written),
            4 | 5 => {}
            6 => {
                let half = written.len() / 2;
                content.write(sector.start, written.get(..half).unwrap_or_default());
            }
            _ => {
                let mut rubbish = [0; SECTOR];
                rng.fill_bytes(&mut rubbish);
                content.write(sector.start, rubbish.get(..written.len()).unwrap_or_default());
            }
        }
    }
}

/// A number below `bound`.
fn below(rng: &mut impl Rng, bound: usize) -> usize {
    let number = usize::try_from(rng.next_u32()).unwrap_or(0);
    number.checked_rem(bound).unwrap_or(0)
}
