//! Policy files: read, printed, refused.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    id::CampaignId,
    redeem::{
        Caps, Finding, FindingSet, Flow, Liable, Limits, OfflineMode, Product, Rules, Stacking,
    },
    voucher::Tier,
};

fn parse(text: &str) -> Result<PolicyFile, PolicyFileError> {
    PolicyFile::parse(&format!("currency = \"EUR\"\n{text}"))
}

fn wrong(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn file(policy: Policy) -> PolicyFile {
    PolicyFile { currency: Currency::EUR, policy, loss: LossModel::default() }
}

fn full() -> Policy {
    let mut policy = Policy::standard(OfflineMode::Leased, Limits::default());
    policy.liable = Liable::Merchant;
    policy.limits = Limits {
        amount_minor: 5_050,
        unsynced_count: 20,
        unsynced_minor: 100_000,
        list_warn_s: 3_600,
        list_max_s: 259_200,
        live_amount_minor: 20_000,
        live_proof_s: 90,
        velocity_s: 600,
        customer_max: 2,
        operator_max: 30,
        random_basis_points: 250,
    };
    policy.approve = FindingSet::from_iter([Finding::TooLate, Finding::ListTooOld]);
    policy.ask = policy.ask.without(Finding::TypedEntry);
    policy.rules = Rules {
        windows: vec!["Mon-Fri 11:00-14:30".parse().unwrap(), "Sat 22:00-02:00".parse().unwrap()],
        blackouts: vec!["2026-12-24..2026-12-26".parse().unwrap()],
        products: vec![
            Product {
                name: "Cappuccino \"gross\" ✓".to_owned(), gtin: "4006381333931".to_owned()
            },
            Product { name: "Latte".to_owned(), gtin: String::new() },
        ],
        caps: Caps {
            voucher_day: 1,
            customer: 10,
            customer_day: 2,
            terminal_day: 50,
            campaign: 900,
        },
        first_visit: true,
        approval_above: 10_000,
        stacking: Stacking {
            alone: false,
            most: 2,
            rank: 7,
            not_with: vec![CampaignId(12), CampaignId(13)],
        },
        flow: Flow::Confirm,
        presence: Tier::Signed,
        rollback_s: 900,
        no_show_basis_points: 5_000,
        listed: true,
    };
    policy
}

#[test]
fn a_file_that_says_only_its_currency_is_the_standard_policy() {
    assert_eq!(parse("").unwrap(), file(Policy::default()));
}

#[test]
fn what_is_printed_is_read_again() {
    for policy in
        [Policy::default(), full(), Policy::standard(OfflineMode::Never, Limits::default())]
    {
        let file = file(policy);
        let text = file.to_string();
        assert_eq!(PolicyFile::parse(&text).as_ref(), Ok(&file), "{text}");
    }
}

#[test]
fn every_key_is_printed_with_a_comment() {
    let text = file(full()).to_string();
    for line in [
        "mode = \"leased\"",
        "liable = \"merchant\"",
        "deny = [\"standard\"]",
        "ask = [\"standard\", \"-typed_entry\"]",
        "approve = [\"slot_missed\", \"list_too_old\"]",
        "amount = \"50.50\"",
        "list_max = \"3 days\"",
        "live_proof = \"90 s\"",
        "random_share = \"2.5 %\"",
        "windows = [\"Mon,Tue,Wed,Thu,Fri 11:00-14:30\", \"Sat 22:00-02:00\"]",
        "blackouts = [\"2026-12-24..2026-12-26\"]",
        "rollback = \"15 min\"",
        "no_show = \"50 %\"",
        "not_with = [12, 13]",
    ] {
        assert!(text.lines().any(|printed| printed == line), "{line}\n{text}");
    }
    let explained = |line: &str| line.starts_with('#') || line.contains(" = ") || line.is_empty();
    assert!(text.lines().all(|line| explained(line) || line.starts_with('[')), "{text}");
    assert!(text.lines().all(|line| line.starts_with(|c| c != '#') || line.len() <= 100), "{text}");
    let standard = file(Policy::default()).to_string();
    assert!(standard.contains("\n# live_amount = ") && standard.contains("\n# live_proof = "));
    // All findings that the standard table has, whichever list they are in.
    for finding in Policy::default().deny.or(Policy::default().ask).iter() {
        assert!(standard.contains(finding.code()), "{finding}");
    }
}

#[test]
fn lists_begin_with_the_standard_table_or_with_nothing() {
    let lists = |text: &str| parse(&format!("[findings]\n{text}")).map(|file| file.policy);
    let standard = Policy::default();
    let typed = lists("deny = [\"standard\", \"typed_entry\"]").unwrap();
    assert_eq!(typed.deny.minus(standard.deny).first(), Some(Finding::TypedEntry));
    assert_eq!((typed.ask, typed.deny_unasked), (standard.ask, standard.deny_unasked));
    assert_eq!(lists("ask = []").unwrap().ask, FindingSet::EMPTY);
    let only = lists("ask = [\"list_old\"]").unwrap().ask;
    assert_eq!(only.iter().collect::<Vec<_>>(), [Finding::ListOld]);
    let less = lists("deny_unasked = [\"-list_too_old\", \"standard\"]").unwrap().deny_unasked;
    assert_eq!(less, standard.deny_unasked.without(Finding::ListTooOld));
    for (text, part) in [
        ("deny = [\"standard\", \"sunday\"]", "findings.deny: \"sunday\" is no finding"),
        ("ask = [\"-list_old\"]", "which the list lacks"),
        (
            "deny = [\"standard\", \"-voucher_revoked\"]",
            "voucher_revoked refuses under every policy",
        ),
        ("approve = [\"voucher_already_redeemed\"]", "no supervisor"),
        ("deny = \"standard\"", "findings.deny: \"standard\" is no list"),
        ("deny = [1]", "1 is no text"),
        ("refuse = []", "findings.refuse: no such key; here are deny, ask, deny_unasked, approve"),
    ] {
        let said = lists(text).unwrap_err().to_string();
        assert!(said.contains(part), "{text}: {said}");
    }
    assert!(lists("deny = [\"standard\", \"-minimum_spend_not_met\"]").is_ok());
    assert!(lists("approve = [\"blackout_date\"]").is_ok(), "a rule may be waved through");
}

#[test]
fn errors_name_the_key_and_what_is_expected() {
    for (text, expected) in [
        (
            "mode = \"sometimes\"",
            "mode: \"sometimes\": use never, branch_bound, limited, leased or always",
        ),
        ("liable = \"bank\"", "liable: \"bank\": use issuer or merchant"),
        ("limits = 3", "limits: 3 is no section; write it as [limits]"),
        ("[limits]\namount = 50", "limits.amount: 50 is no text; put it in quotes"),
        (
            "[limits]\namount = \"50.005\"",
            "limits.amount: \"50.005\" is no amount of EUR or \"none\": too many digits after the point for this currency",
        ),
        ("[limits]\nunsent_count = -1", "limits.unsent_count: -1 is out of range"),
        (
            "[limits]\nunsent_count = \"many\"",
            "limits.unsent_count: \"many\" is no whole number; write 3 or \"none\"",
        ),
        (
            "[rules]\nwindows = [\"noon\"]",
            "rules.windows: \"noon\" is no window; write it as Mon-Fri 11:00-14:30",
        ),
        (
            "[rules]\nblackouts = [\"24.12.\"]",
            "rules.blackouts: \"24.12.\" is no date; write it as 2026-12-24",
        ),
        ("[rules]\nproducts = [\"Tea\"]", "rules.products: \"Tea\" is no table in braces"),
        (
            "[rules]\nproducts = [{}]",
            "rules.products.name: a product has a name of 1 to 80 characters",
        ),
        (
            "[rules]\nproducts = [{ name = \"Tea\", gtin = \"1\" }]",
            "rules.products.gtin: \"1\" is no GTIN; it has 8, 12, 13 or 14 digits",
        ),
        ("[rules]\nfirst_visit = \"yes\"", "rules.first_visit: \"yes\" is neither true nor false"),
        ("[rules]\npresence = \"live\"", "rules.presence: \"live\": use static, fresh or signed"),
        ("[rules]\nno_show = \"150 %\"", "rules.no_show: \"150 %\" is more than 100 %"),
        (
            "[rules.caps]\ncustomers = 1",
            "rules.caps.customers: no such key; here are voucher_day, customer, customer_day, terminal_day, campaign",
        ),
        ("[rules.stacking]\nmost = 300", "rules.stacking.most: 300 is out of range"),
        (
            "[rules.stacking]\nnot_with = [\"12\"]",
            "rules.stacking.not_with: \"12\" is no campaign's number",
        ),
        (
            "[loss]\nstatic = \"0.00001 %\"",
            "loss.static: \"0.00001 %\" is no share; write it like \"2.5 %\", with at most 4 decimals",
        ),
        (
            "[limits]\noperator_max = 3",
            "limits.velocity: customer_max and operator_max need a span to count in, such as \"10 min\"",
        ),
        (
            "policy = 1",
            "policy: no such key; here are currency, mode, liable, findings, limits, rules, loss",
        ),
    ] {
        assert_eq!(wrong(text), expected, "{text}");
    }
    let missing = PolicyFile::parse("mode = \"never\"").unwrap_err().to_string();
    assert!(missing.starts_with("currency: missing"), "{missing}");
    let broken = wrong("mode = never");
    assert!(broken.starts_with("line 2: "), "{broken}");
    assert_eq!(broken.lines().count(), 1);
    let long = "#".repeat(FILE_BYTES_MAX + 1);
    assert_eq!(PolicyFile::parse(&long), Err(PolicyFileError::TooLong));
}

#[test]
fn amounts_follow_the_files_currency() {
    let yen = "currency = \"JPY\"\n[limits]\namount = \"5000\"";
    assert_eq!(PolicyFile::parse(yen).unwrap().policy.limits.amount_minor, 5_000);
    let dinar = "currency = \"KWD\"\n[limits]\namount = \"5\"";
    assert_eq!(PolicyFile::parse(dinar).unwrap().policy.limits.amount_minor, 5_000);
    assert!(PolicyFile::parse("currency = \"JPY\"\n[limits]\namount = \"50.5\"").is_err());
    assert!(PolicyFile::parse("currency = \"XYZ\"").is_err());
}

#[test]
fn what_can_be_said_of_findings_fits_how_they_are_decided() {
    // What refuses under an empty policy does so by the domain's own table.
    let optional = super::findings::standard().deny.minus(Policy::always_denied());
    assert_eq!(optional.iter().count(), 3);
    assert_eq!(Policy::never_approved().iter().count(), 14);
    assert_eq!(Policy::always_denied().iter().count(), 14 + 12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_typed_makes_it_fall_over(text in "(currency = \"EUR\"\n)?[ -~\n]{0,200}") {
        drop(PolicyFile::parse(&text));
    }

    #[test]
    fn any_limits_and_lists_are_printed_and_read_again(
        numbers in prop::array::uniform8(0_u32..1_000_000),
        share in 0_u16..=10_000,
        picked in prop::collection::vec(prop::sample::select(Finding::ALL), 0..12),
    ) {
        let [amount, count, sum, warn, max, live, proof, pace] = numbers;
        let mut policy = full();
        policy.limits = Limits {
            amount_minor: i64::from(amount),
            unsynced_count: count,
            unsynced_minor: i64::from(sum),
            list_warn_s: warn,
            list_max_s: max,
            live_amount_minor: i64::from(live),
            live_proof_s: proof,
            velocity_s: pace.max(1),
            random_basis_points: share,
            ..policy.limits
        };
        let picked: FindingSet = picked.into_iter().collect();
        policy.ask = picked;
        policy.deny_unasked = policy.deny_unasked.minus(picked);
        policy.deny = policy.deny.or(picked);
        let file = file(policy);
        prop_assert_eq!(PolicyFile::parse(&file.to_string()), Ok(file));
    }
}

#[test]
fn the_policy_in_the_readme_is_one() {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let file = PolicyFile::parse(text).unwrap();
    assert_eq!(file.policy.rules.caps.customer_day, 1);
}
