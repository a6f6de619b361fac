//! What carrying by hand came to, in words.

use super::{
    engine::{CarryReport, Engine},
    parcels::{Packed, Unpacked},
};

impl Engine {
    /// What was taken in and what was written, line by line.
    pub fn carry_lines(&self, report: &CarryReport) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(report.taken.iter().flat_map(|taken| self.taken_lines(taken)));
        lines.extend(report.written.iter().flat_map(|packed| self.written_lines(packed)));
        lines.extend(report.problem.clone());
        lines
    }

    fn taken_lines(&self, taken: &Unpacked) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(time) = taken.as_of {
            lines.push(self.counted("carry.acknowledged", taken.acknowledged));
            let time = self.speaker().date_and_time(time);
            lines.push(self.texts.fill("carry.news", &[("time", &time)]));
        } else if taken.parcels == 0 && taken.problems.is_empty() {
            lines.push(self.texts.get("carry.nothing").to_owned());
        }
        for (key, count) in [
            ("carry.incomplete", taken.incomplete),
            ("carry.old", taken.old),
            ("carry.foreign", taken.foreign),
            ("carry.refused", taken.refused),
        ] {
            lines.extend((count > 0).then(|| self.counted(key, u64::from(count))));
        }
        lines.extend(taken.problems.iter().cloned());
        lines.extend(taken.forked.then(|| self.texts.get("fault.forked").to_owned()));
        lines
    }

    fn written_lines(&self, packed: &Packed) -> Vec<String> {
        let name = packed.name.to_string();
        let count = packed.entries.to_string();
        let values = [("count", count.as_str()), ("name", &name)];
        let mut lines = vec![self.texts.fill("carry.written", &values)];
        lines.extend((packed.left > 0).then(|| self.counted("carry.left", packed.left)));
        lines.push(self.texts.get("carry.keep").to_owned());
        lines
    }

    fn counted(&self, key: &str, count: u64) -> String {
        self.texts.fill(key, &[("count", &count.to_string())])
    }
}
