//! Texts of symbols some of whose modules may as well be dark as light.
//!
//! Torn, scratched or burnt-out modules are seen to be doubtful. The codewords with the most doubtful ones
//! are taken for erased, a few more at each try (Forney's generalised minimum distance decoding), and
//! erased ones cost half of what wrong ones do.

use rxing::common::BitMatrix;
use rxing::common::cpp_essentials::DecoderResult;
use rxing::qrcode::cpp_port::decoder::DecodeBitStream;
use rxing::qrcode::decoder::{BitMatrixParser, DataBlock};

use super::errata;

/// The shares of modules taken for doubtful, one rank of codewords each.
const SHARES: [f32; 8] = [0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.22];

/// The text of a symbol; `trust` tells of each module, row after row, how surely it is dark or light.
pub(super) fn decode(bits: &BitMatrix, trust: &[f32]) -> Option<String> {
    let mut parser = BitMatrixParser::new(bits.clone()).ok()?;
    let version = parser.readVersion().ok()?;
    let level = parser.readFormatInformation().ok()?.getErrorCorrectionLevel();
    let codewords = parser.readCodewords().ok()?;
    let fixed = version.buildFunctionPattern().ok()?;
    let mut ranks = vec![u8::MAX; codewords.len()];
    for (rank, bound) in (0_u8..8).zip(bounds(trust)).rev() {
        let other = turned(bits, &fixed, trust, bound);
        let read = BitMatrixParser::new(other).ok()?.readCodewords().ok()?;
        let differ = codewords.iter().zip(&read).map(|(a, b)| a != b);
        ranks.iter_mut().zip(differ).filter(|(_, differ)| *differ).for_each(|(of, _)| *of = rank);
    }
    let blocks = DataBlock::getDataBlocks(&codewords, version, level).ok()?;
    let ranks = DataBlock::getDataBlocks(&ranks, version, level).ok()?;
    let mut data = Vec::with_capacity(codewords.len());
    for (block, ranks) in blocks.iter().zip(&ranks) {
        let length = usize::try_from(block.getNumDataCodewords()).ok()?;
        let word = corrected(block.getCodewords(), length, ranks.getCodewords())?;
        data.extend_from_slice(word.get(..length)?);
    }
    let text = DecodeBitStream(&data, version, level).ok().filter(DecoderResult::isValid)?.text();
    Some(text)
}

/// Below which trust each of the [`SHARES`] lies.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a symbol has at most 31 329 modules"
)]
fn bounds(trust: &[f32]) -> [f32; 8] {
    let mut sorted = trust.to_vec();
    sorted.sort_by(f32::total_cmp);
    SHARES
        .map(|share| sorted.get((trust.len() as f32 * share) as usize).copied().unwrap_or_default())
}

/// The symbol with the modules below a bound of trust turned over, but for the fixed ones.
fn turned(bits: &BitMatrix, fixed: &BitMatrix, trust: &[f32], bound: f32) -> BitMatrix {
    let mut other = bits.clone();
    let places = (0..bits.height()).flat_map(|y| (0..bits.width()).map(move |x| (x, y)));
    for ((x, y), trust) in places.zip(trust) {
        if *trust < bound && !fixed.get(x, y) {
            other.flip_coords(x, y);
        }
    }
    other
}

/// The word with as few erasures as it takes, the most doubtful codewords first.
fn corrected(word: &[u8], data: usize, ranks: &[u8]) -> Option<Vec<u8>> {
    let ec = word.len().checked_sub(data)?;
    let mut order: Vec<usize> = (0..word.len()).collect();
    order.sort_by_key(|at| ranks.get(*at).copied());
    let doubtful = ranks.iter().filter(|rank| **rank < u8::MAX).count();
    (0..=doubtful.min(ec)).find_map(|erased| {
        let mut word = word.to_vec();
        errata::correct(&mut word, ec, order.get(..erased)?)?;
        Some(word)
    })
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use qrcode::{Color, EcLevel, QrCode, Version};

    use super::*;

    const TEXT: &str = "countersign reads what is torn";

    /// A symbol of version 4-M (two blocks of 50 codewords, 18 of them for errors), and full trust in it.
    fn symbol() -> (BitMatrix, Vec<f32>) {
        let code = QrCode::with_version(TEXT, Version::Normal(4), EcLevel::M).unwrap();
        let mut bits = BitMatrix::with_single_dimension(33).unwrap();
        for (x, y) in (0..33_u16).flat_map(|y| (0..33_u16).map(move |x| (x, y))) {
            bits.set_bool(x.into(), y.into(), code[(x.into(), y.into())] == Color::Dark);
        }
        (bits, vec![1.0; 33 * 33])
    }

    /// Turns over all modules in `rows` between the finder patterns, which are trusted so far.
    fn torn(rows: std::ops::Range<u32>, trust: f32) -> (BitMatrix, Vec<f32>) {
        let (mut bits, mut all) = symbol();
        for (x, y) in rows.flat_map(|y| (9..20).map(move |x| (x, y))) {
            bits.flip_coords(x, y);
            all[usize::try_from(y * 33 + x).unwrap()] = trust;
        }
        (bits, all)
    }

    fn is_read(bits: &BitMatrix, trust: &[f32]) -> bool {
        let read = decode(bits, trust);
        assert!(read.as_deref().is_none_or(|text| text == TEXT), "{read:?}");
        read.is_some()
    }

    #[test]
    fn a_whole_symbol_is_read() {
        let (bits, trust) = symbol();
        assert!(is_read(&bits, &trust));
    }

    #[test]
    fn a_tear_that_is_seen_costs_half_of_one_that_is_not() {
        let most = |trust: f32| {
            (0..24)
                .take_while(|rows| {
                    let (bits, trust) = torn(9..9 + rows, trust);
                    is_read(&bits, &trust)
                })
                .count()
        };
        let (unseen, seen) = (most(1.0), most(0.1));
        assert!(seen > unseen && unseen > 1, "{seen} rows instead of {unseen}");
    }

    #[test]
    fn noise_is_no_text() {
        let mut state = 7_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f32::from(state.to_be_bytes()[0]) / 255.0
        };
        for _ in 0..50 {
            let (mut bits, _) = symbol();
            for (x, y) in (9..33).flat_map(|y| (9..24).map(move |x| (x, y))) {
                bits.set_bool(x, y, noise() < 0.5);
            }
            let trust: Vec<f32> = (0..33 * 33).map(|_| noise()).collect();
            assert_eq!(decode(&bits, &trust), None);
        }
    }
}
