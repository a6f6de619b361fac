//! Lists of findings: `"standard"` stands for the standard table, a code adds a finding, `-code` takes one out.

use super::{PolicyFileError, section::Section};
use crate::domain::redeem::{Finding, FindingSet, Limits, OfflineMode, Policy};

/// What stands for the findings of the standard table.
const STANDARD: &str = "standard";

/// The policy that campaigns begin with, for its lists.
pub(super) fn standard() -> Policy {
    Policy::standard(OfflineMode::Limited, Limits::default())
}

/// Reads the four lists into a policy.
pub(super) fn read(section: &mut Section, policy: &mut Policy) -> Result<(), PolicyFileError> {
    let table = standard();
    policy.deny = list(section, "deny", table.deny)?;
    policy.ask = list(section, "ask", table.ask)?;
    policy.deny_unasked = list(section, "deny_unasked", table.deny_unasked)?;
    policy.approve = list(section, "approve", table.approve)?;
    if let Some(lost) = policy.approve.and(Policy::never_approved()).first() {
        let problem = format!("{lost} refuses under every policy; no supervisor waves it through");
        return Err(section.wrong("approve", problem));
    }
    Ok(())
}

fn list(
    section: &mut Section,
    key: &'static str,
    standard: FindingSet,
) -> Result<FindingSet, PolicyFileError> {
    let Some(words) = section.texts(key)? else {
        return Ok(standard);
    };
    let based = words.iter().any(|word| word == STANDARD);
    let mut set = if based { standard } else { FindingSet::EMPTY };
    for word in words.iter().filter(|word| *word != STANDARD) {
        set = change(set, word).map_err(|problem| section.wrong(key, problem))?;
        if !based && word.starts_with('-') {
            let problem = format!("{word:?} takes out of \"standard\", which the list lacks");
            return Err(section.wrong(key, problem));
        }
    }
    let lost = Policy::always_denied().minus(set).first();
    match lost.filter(|_| key == "deny" && based) {
        None => Ok(set),
        Some(lost) => {
            let problem = format!("{lost} refuses under every policy; it cannot be taken out");
            Err(section.wrong(key, problem))
        }
    }
}

fn change(mut set: FindingSet, word: &str) -> Result<FindingSet, String> {
    let (code, out) = match word.strip_prefix('-') {
        Some(code) => (code, true),
        None => (word, false),
    };
    let finding = Finding::from_code(code)
        .ok_or_else(|| format!("{code:?} is no finding; `policy show` prints the codes of all"))?;
    set.note(finding, !out);
    Ok(if out { set.without(finding) } else { set })
}

/// A list as the file has it, shortest by the standard table where that is possible.
pub(super) fn spell(set: FindingSet, standard: FindingSet) -> String {
    let (more, less) = (set.minus(standard), standard.minus(set));
    let based = less.iter().count() <= set.iter().count()
        && !standard.is_empty()
        && less.and(Policy::always_denied()).is_empty();
    let codes: Vec<String> = if based {
        let more = more.iter().map(|finding| finding.code().to_owned());
        let less = less.iter().map(|finding| format!("-{finding}"));
        std::iter::once(STANDARD.to_owned()).chain(more).chain(less).collect()
    } else {
        set.iter().map(|finding| finding.code().to_owned()).collect()
    };
    let quoted: Vec<_> = codes.iter().map(|code| format!("{code:?}")).collect();
    format!("[{}]", quoted.join(", "))
}
