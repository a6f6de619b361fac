//! The bytes of a file, in chunks that copies share until one of them is written to.

use std::{iter, ops::Range, sync::Arc};

const CHUNK: usize = 4096;

type Chunk = [u8; CHUNK];

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    chunks: Vec<Arc<Chunk>>,
    len: usize,
}

impl Content {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Reads what there is from `at`; how many bytes that were.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> usize {
        let there = self.len.saturating_sub(at).min(into.len());
        for part in parts(at, there, CHUNK) {
            let target = into.get_mut(within(&part, at));
            let source = self.chunks.get(part.start / CHUNK).and_then(|chunk| {
                let first = chunk_start(&part);
                chunk.get(within(&part, first))
            });
            if let (Some(target), Some(source)) = (target, source) {
                target.copy_from_slice(source);
            }
        }
        there
    }

    /// Writes at `at`; a gap before it is filled with zeros.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len());
        if end > self.len {
            self.set_len(end);
        }
        for part in parts(at, bytes.len(), CHUNK) {
            let source = bytes.get(within(&part, at));
            let target = self.chunks.get_mut(part.start / CHUNK);
            let target = target.and_then(|chunk| {
                let first = chunk_start(&part);
                Arc::make_mut(chunk).get_mut(within(&part, first))
            });
            if let (Some(target), Some(source)) = (target, source) {
                target.copy_from_slice(source);
            }
        }
    }

    /// Cuts the file off, or fills it up with zeros.
    pub(super) fn set_len(&mut self, len: usize) {
        self.chunks.resize_with(len.div_ceil(CHUNK), || Arc::new([0; CHUNK]));
        if len < self.len
            && let Some(last) = self.chunks.get_mut(len / CHUNK)
        {
            // What is cut off does not come back when the file grows again.
            let rest = len.checked_rem(CHUNK).unwrap_or(0)..;
            if let Some(rest) = Arc::make_mut(last).get_mut(rest) {
                rest.fill(0);
            }
        }
        self.len = len;
    }

    pub(super) fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len];
        self.read(0, &mut bytes);
        bytes
    }
}

fn chunk_start(part: &Range<usize>) -> usize {
    (part.start / CHUNK).saturating_mul(CHUNK)
}

/// A range as counted from `first`.
pub(super) fn within(part: &Range<usize>, first: usize) -> Range<usize> {
    part.start.saturating_sub(first)..part.end.saturating_sub(first)
}

/// `len` bytes from `at`, split where a unit ends.
pub(super) fn parts(at: usize, len: usize, unit: usize) -> impl Iterator<Item = Range<usize>> {
    let end = at.saturating_add(len);
    let mut start = at;
    iter::from_fn(move || {
        let into = start.checked_rem(unit)?;
        let next = start.saturating_sub(into).saturating_add(unit).min(end);
        let part = (start < next).then_some(start..next);
        start = next;
        part
    })
}
