//! The examples of `FORMAT.md`: built again with unrelated libraries, and verified and minted by the program.

use ciborium::Value;
use countersign::domain::{
    crypto::{HolderKey, SecretKey},
    enrol::{EnrolError, EnrolmentCode},
    id::{BranchId, GroupId, MerchantId, VoucherId},
    money::{Currency, Money},
    scan::ShortCode,
    time::Timestamp,
    trust::{Keyring, PublishedKey},
    voucher::{
        AmountOff, Claims, Item, Kind, LINES_MAX, MINOR_MAX, OrderLine, PercentOff, Presence,
        Scope, TOKEN_MAX, Terms, Ticket, USES_MAX, UntrustedToken, from_text, mint, present,
    },
};
use ed25519_dalek::{Signature, SigningKey};
use qrcode::{EcLevel, QrCode, Version};

use crate::{
    fences::{Fence, fences},
    independent::{base45, from_diagnostic, sign, to_bytes},
    world,
};

const FORMAT: &str = include_str!("../../src/domain/voucher/FORMAT.md");
const CONTEXT: &[u8] = b"countersign/voucher/1";

#[test]
fn unrelated_libraries_build_the_same_bytes() {
    for example in examples() {
        let claims = to_bytes(&from_diagnostic(example.get("claims")));
        assert_eq!(claims, example.bytes("claims hex"), "{example:?}");
        let token = sign(&seed(), CONTEXT, &claims);
        assert_eq!(token, example.bytes("token hex"), "{example:?}");
        assert_eq!(format!("CS1:{}", base45(&token)), example.get("text"));
    }
}

#[test]
fn the_program_reads_verifies_and_mints_every_example() {
    for example in examples() {
        let token = UntrustedToken::parse(example.get("text")).unwrap();
        let voucher = token.verify(&keyring()).unwrap();
        assert_eq!(*voucher.claims(), claims_of(&example), "{example:?}");
        assert_eq!(voucher.claims().terms.kind().code(), example.get("kind"));
        assert_eq!(voucher.claims().id.to_string(), example.get("voucher id"));
        let key = SecretKey::from_seed(&seed());
        assert_eq!(mint(&key, &claims_of(&example)).unwrap(), example.get("text"));
    }
}

#[test]
fn there_is_an_example_of_every_kind() {
    let examples = examples();
    let kinds = examples.iter().map(|example| example.get("kind"));
    assert_eq!(kinds.take(8).collect::<Vec<_>>(), Kind::ALL.map(Kind::code));
    let any = |has: fn(&Claims) -> bool| examples.iter().any(|example| has(&claims_of(example)));
    assert!(any(|claims| claims.customer.is_some()) && any(|claims| claims.holder.is_some()));
    assert!(any(|claims| claims.conditional));
    assert!(any(|claims| claims.scope == Scope::Group(GroupId(5))));
}

#[test]
fn a_presentation_is_built_and_read_as_written() {
    let example = &fences(FORMAT, "shown hex")[0];
    let shown = to_bytes(&from_diagnostic(example.get("shown")));
    assert_eq!(shown, example.bytes("shown hex"));
    let phone: [u8; 32] = fences(FORMAT, "phone seed")[0].bytes("phone seed").try_into().unwrap();
    let bytes = sign(&phone, b"countersign/presentation/1", &shown);
    assert_eq!(format!("CSP1:{}", base45(&bytes)), example.get("text"));
    let token = UntrustedToken::parse(example.get("text")).unwrap();
    let voucher = token.verify(&keyring()).unwrap();
    let at = example.get("shown at").parse().unwrap();
    assert_eq!(voucher.presence(), Presence::Signed { at });
    let held = examples().into_iter().find(|example| claims_of(example).holder.is_some()).unwrap();
    assert_eq!(*voucher.claims(), claims_of(&held));
    let again = present(&SecretKey::from_seed(&phone), held.get("text"), at).unwrap();
    assert_eq!(again, example.get("text"));
    let static_print = UntrustedToken::parse(held.get("text")).unwrap().verify(&keyring()).unwrap();
    assert_eq!(static_print.presence(), Presence::Static);
    assert_eq!(static_print.token_hash(), voucher.token_hash());
}

#[test]
fn short_codes_are_derived_as_written() {
    for example in examples() {
        let code = ShortCode::from_bits(claims_of(&example).short_code_bits());
        assert_eq!(code.to_string(), example.get("short code"));
    }
}

#[test]
fn what_is_signed_is_the_printed_structure() {
    let signed = &fences(FORMAT, "to be signed")[0];
    let key = SigningKey::from_bytes(&seed()).verifying_key();
    let signature = Signature::from_slice(&signed.bytes("signature")).unwrap();
    key.verify_strict(&signed.bytes("to be signed"), &signature).unwrap();
    assert!(examples()[0].bytes("token hex").ends_with(&signed.bytes("signature")));
}

#[test]
fn every_refused_spelling_is_refused_for_its_reason() {
    let refused = fences(FORMAT, "refused");
    assert!(refused.len() >= 100, "only {} were found", refused.len());
    for example in refused {
        let reason = example.get("refused");
        let error = UntrustedToken::parse(example.get("text"))
            .and_then(|token| token.verify(&keyring()))
            .expect_err(reason);
        assert_eq!(error.code(), example.get("code"), "{reason}: {error}");
    }
}

/// Codes are coarse; these tell that the changed claims were reached, and not stopped by a signature that does not fit.
#[test]
fn refused_claims_are_refused_as_claims() {
    let issuers_own = fences(FORMAT, "refused").into_iter().filter(|example| {
        let bytes = from_text(example.get("text")).unwrap_or_default();
        let payload = bytes.get(14..bytes.len().saturating_sub(66)).unwrap_or_default();
        bytes == sign(&seed(), CONTEXT, payload)
    });
    let errors: Vec<String> = issuers_own
        .map(|example| {
            let token = UntrustedToken::parse(example.get("text")).unwrap();
            token.verify(&keyring()).unwrap_err().to_string()
        })
        .collect();
    assert!(errors.len() >= 70, "{errors:?}");
    assert!(errors.iter().all(|error| !error.contains("signature")), "{errors:?}");
}

#[test]
fn enrolment_codes_are_spelled_as_written() {
    let example = &fences(FORMAT, "code hex")[0];
    let bytes = to_bytes(&from_diagnostic(example.get("code")));
    assert_eq!(bytes, example.bytes("code hex"));
    assert_eq!(format!("CSE1:{}", base45(&bytes)), example.get("text"));
    let code = EnrolmentCode::parse(example.get("text")).unwrap();
    assert_eq!(code.url, "https://vouchers.example");
    assert_eq!(code.to_text(), example.get("text"));
    let lower = example.get("text").to_ascii_lowercase();
    assert!(matches!(EnrolmentCode::parse(&lower), Err(EnrolError::NotACode)));
}

/// What a shop prints by the million keeps within the budget; the rest says how large it is.
#[test]
fn examples_keep_within_the_budget_and_the_picture() {
    let plain =
        [Kind::PrepaidDeal, Kind::AmountOff, Kind::PercentOff, Kind::Pass, Kind::StoredValue];
    for example in examples() {
        let (bytes, text) = (example.bytes("token hex"), example.get("text"));
        let Version::Normal(version) =
            QrCode::with_error_correction_level(text, EcLevel::M).unwrap().version()
        else {
            panic!("a micro QR code");
        };
        let size =
            format!("{} bytes, {} characters, QR version {version}", bytes.len(), text.len());
        assert_eq!(example.get("size"), size);
        let claims = claims_of(&example);
        if plain.contains(&claims.terms.kind()) && claims.holder.is_none() {
            assert!(bytes.len() <= 150 && text.len() <= 225, "{size}");
        }
    }
    let full = "A".repeat(225);
    QrCode::with_version(full, Version::Normal(9), EcLevel::M).unwrap();
}

#[test]
fn the_largest_voucher_is_as_large_as_written() {
    let line =
        OrderLine { count: USES_MAX, value_each: MINOR_MAX, name: "a".repeat(32).parse().unwrap() };
    let mut claims =
        world::claims(Terms::PickUp { currency: Currency::EUR, lines: vec![line; LINES_MAX] });
    claims.issuer = "a".repeat(16).parse().unwrap();
    claims.customer = Some("a".repeat(16).parse().unwrap());
    claims.holder = Some(world::holder());
    claims.conditional = true;
    claims.id = VoucherId::from_bytes([255; 16]);
    (claims.from, claims.until) = (Timestamp(i64::MAX - 1), Timestamp(i64::MAX));
    claims.scope = Scope::Merchant {
        merchant: MerchantId(u32::MAX),
        branches: (u32::MAX - 15..=u32::MAX).map(BranchId).collect(),
    };
    let text = mint(&world::issuer_key(), &claims).unwrap();
    let bytes = from_text(&text).unwrap();
    assert!(bytes.len() <= TOKEN_MAX);
    let shown = present(&world::holder_key(), &text, Timestamp(i64::MAX)).unwrap();
    let keys =
        world::keyring(PublishedKey { until: Timestamp(i64::MAX), ..world::published_key() });
    for text in [&text, &shown] {
        UntrustedToken::parse(text).unwrap().verify(&keys).unwrap_err();
    }
    for written in [
        format!("has {} bytes and {} characters", bytes.len(), text.len()),
        format!("the phone shows {} characters", shown.len()),
    ] {
        assert!(FORMAT.contains(&written), "FORMAT.md does not say: {written}");
    }
}

fn examples() -> Vec<Fence> {
    fences(FORMAT, "voucher id")
}

fn seed() -> [u8; 32] {
    let key = &fences(FORMAT, "issuer seed")[0];
    let seed = key.bytes("issuer seed").try_into().unwrap();
    let public = SigningKey::from_bytes(&seed).verifying_key();
    assert_eq!(public.as_bytes()[..], key.bytes("issuer key"));
    assert_eq!(SecretKey::from_seed(&seed).public().id().to_string(), key.get("key id"));
    seed
}

fn keyring() -> Keyring {
    world::keyring(PublishedKey {
        public: SecretKey::from_seed(&seed()).public(),
        ..world::published_key()
    })
}

/// The claims of an example, read from its diagnostic notation as the tables of `FORMAT.md` have them.
fn claims_of(example: &Fence) -> Claims {
    let map = from_diagnostic(example.get("claims")).into_map().unwrap();
    let claim = |label: i64| {
        let pair = map.iter().find(|(key, _)| *key == Value::from(label));
        pair.map(|(_, value)| value.clone())
    };
    let needed = |label| claim(label).unwrap();
    let text = |value: Value| value.into_text().unwrap();
    let worth = needed(-65_537).into_array().unwrap();
    assert_eq!(map.len(), 5 + usize::from(claim(2).is_some()) + usize::from(claim(8).is_some()));
    Claims {
        issuer: text(needed(1)).parse().unwrap(),
        customer: claim(2).map(|name| text(name).parse().unwrap()),
        id: VoucherId::from_bytes(needed(7).into_bytes().unwrap().try_into().unwrap()),
        from: Timestamp(integer(&needed(5))),
        until: Timestamp(integer(&needed(4))),
        holder: claim(8).map(|cnf| holder_of(&cnf)),
        conditional: integer::<u8>(&worth[0]) >= 16,
        scope: scope_of(&worth[2]),
        terms: terms_of(&worth),
    }
}

/// The public key in a confirmation claim: RFC 8747 section 3.2, with a key of RFC 9053 section 7.2.
fn holder_of(cnf: &Value) -> HolderKey {
    let key = cnf.as_map().unwrap()[0].1.as_map().unwrap();
    HolderKey(key[2].1.as_bytes().unwrap().clone().try_into().unwrap())
}

fn scope_of(scope: &Value) -> Scope {
    let Some(numbers) = scope.as_array() else { return Scope::Group(GroupId(integer(scope))) };
    let numbers: Vec<u32> = numbers.iter().map(integer).collect();
    Scope::Merchant {
        merchant: MerchantId(numbers[0]),
        branches: numbers[1..].iter().copied().map(BranchId).collect(),
    }
}

fn terms_of(worth: &[Value]) -> Terms {
    let currency = Currency::from_number(integer(&worth[1])).unwrap();
    let money = |value: &Value| Money::new(integer(value), currency);
    match (integer::<u8>(&worth[0]) % 16, &worth[3..]) {
        (1, [value]) => Terms::PrepaidDeal { value: money(value) },
        (2, [off, minimum]) => {
            Terms::AmountOff(AmountOff { off: money(off), minimum_spend: integer(minimum) })
        }
        (3, [share, cap, minimum]) => Terms::PercentOff(PercentOff {
            basis_points: integer(share),
            cap: integer(cap),
            minimum_spend: integer(minimum),
            currency,
        }),
        (4, [uses, each]) => Terms::Pass { uses: integer(uses), value_each: money(each) },
        (5, [balance]) => Terms::StoredValue { balance: money(balance) },
        (6, [count, name, value, price]) => Terms::Item(Item {
            count: integer(count),
            name: name.as_text().unwrap().parse().unwrap(),
            value: money(value),
            price: integer(price),
        }),
        (7, [starts, early, late, party, each]) => Terms::Ticket(Ticket {
            starts: Timestamp(integer(starts)),
            early_s: integer(early),
            late_s: integer(late),
            party: integer(party),
            value_each: money(each),
        }),
        (8, lines) => Terms::PickUp { currency, lines: lines.iter().map(line_of).collect() },
        other => panic!("{other:?}"),
    }
}

fn line_of(line: &Value) -> OrderLine {
    let [count, each, name] = &line.as_array().unwrap()[..] else { panic!("{line:?}") };
    OrderLine {
        count: integer(count),
        value_each: integer(each),
        name: name.as_text().unwrap().parse().unwrap(),
    }
}

fn integer<T: TryFrom<i128>>(value: &Value) -> T {
    let number: i128 = value.as_integer().unwrap().into();
    T::try_from(number).ok().unwrap()
}
