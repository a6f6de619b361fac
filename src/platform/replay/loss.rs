//! The model of loss: how likely a voucher that is accepted without the platform was or will be redeemed elsewhere too.

use crate::domain::voucher::Tier;

/// Chances of a duplicate, in millionths; assumptions to be replaced by one's own figures.
///
/// chance = chance of the tier × (1 + age of the list / age that doubles), at most certainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossModel {
    /// For a code that may be a copy.
    pub static_ppm: u32,
    /// For one that the issuer signed anew.
    pub fresh_ppm: u32,
    /// For one that the phone signed.
    pub signed_ppm: u32,
    /// Age of the status list that adds the chance once more, in seconds; 0 where age does not matter.
    pub doubling_s: u32,
    /// Age that is taken where no list says anything about the voucher, in seconds.
    pub no_list_s: u32,
}

impl Default for LossModel {
    /// One copy in 200, one in 2000 of those signed anew, one in 10 000 of those the phone signed, with an up-to-date
    /// list; twice that with a list of a day.
    fn default() -> Self {
        Self {
            static_ppm: 5_000,
            fresh_ppm: 500,
            signed_ppm: 100,
            doubling_s: 86_400,
            no_list_s: 7 * 86_400,
        }
    }
}

impl LossModel {
    /// Decimals of a percent in which chances are written: millionths.
    pub const DECIMALS: usize = 4;

    /// Certainty, in millionths.
    pub const CERTAIN: u32 = 1_000_000;

    /// The chance of a duplicate in millionths, with a status list of this age in seconds, or with none.
    pub fn chance_ppm(&self, tier: Tier, list_age_s: Option<i64>) -> u32 {
        let base = u64::from(self.of(tier));
        let age = list_age_s.unwrap_or(i64::from(self.no_list_s)).max(0).unsigned_abs();
        let more = base.saturating_mul(age).checked_div(u64::from(self.doubling_s)).unwrap_or(0);
        let chance = base.saturating_add(more).min(u64::from(Self::CERTAIN));
        u32::try_from(chance).unwrap_or(Self::CERTAIN)
    }

    /// The chance with an up-to-date list, in millionths.
    pub fn of(&self, tier: Tier) -> u32 {
        match tier {
            Tier::Static => self.static_ppm,
            Tier::Fresh => self.fresh_ppm,
            Tier::Signed => self.signed_ppm,
        }
    }

    /// With another chance for a tier, in millionths.
    pub fn set(&mut self, tier: Tier, ppm: u32) {
        let chance = match tier {
            Tier::Static => &mut self.static_ppm,
            Tier::Fresh => &mut self.fresh_ppm,
            Tier::Signed => &mut self.signed_ppm,
        };
        *chance = ppm;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_grows_with_the_age_of_the_list() {
        let model = LossModel::default();
        // 0.5 %; a day doubles it, three days make it fourfold.
        assert_eq!(model.chance_ppm(Tier::Static, Some(0)), 5_000);
        assert_eq!(model.chance_ppm(Tier::Static, Some(43_200)), 7_500);
        assert_eq!(model.chance_ppm(Tier::Static, Some(86_400)), 10_000);
        assert_eq!(model.chance_ppm(Tier::Static, Some(259_200)), 20_000);
        // A week is assumed where there is no list.
        assert_eq!(model.chance_ppm(Tier::Fresh, None), 4_000);
        assert_eq!(model.chance_ppm(Tier::Signed, Some(-5)), 100, "a list from the future is new");
        assert_eq!(model.chance_ppm(Tier::Static, Some(i64::MAX)), 1_000_000);
        let ageless = LossModel { doubling_s: 0, ..model };
        assert_eq!(ageless.chance_ppm(Tier::Static, Some(i64::MAX)), 5_000);
    }
}
