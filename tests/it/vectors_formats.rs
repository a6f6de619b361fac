//! Test vectors of standards for the formats: CBOR, COSE, CBOR Web Tokens and Base45.

use coset::{CborSerializable as _, CoseSign1, TaggedCborSerializable as _, cwt::ClaimsSet};
use countersign::domain::{
    crypto::PublicKey,
    envelope::{Envelope, decode, encode},
    id::Seq,
    time::Timestamp,
    voucher::{
        ClaimsDecodeError, Terms, TextError, decode_claims, encode_claims, from_text, to_text,
    },
};
use minicbor::bytes::ByteVec;

use crate::{
    fences::hex,
    sources::root,
    world::{claims, euro},
};

/// The items of RFC 8949 appendix A, and whether each is encoded deterministically.
fn appendix_a() -> Vec<(Vec<u8>, bool)> {
    let text = std::fs::read_to_string(root().join("tests/vectors/rfc8949.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| (hex(line.trim_start_matches('!')), !line.starts_with('!'))).collect()
}

/// What a reader of ours makes of an item: none where it is refused, else the bytes it is written as.
fn again<T>(item: &[u8]) -> Option<Vec<u8>>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    decode::<T>(item).ok().map(|value| encode(&value))
}

#[test]
fn what_is_read_of_rfc_8949_is_written_as_it_was_exactly_where_that_is_deterministic() {
    let items = appendix_a();
    assert_eq!(items.len(), 81);
    let mut read = 0;
    for (item, deterministic) in items {
        let readers = [
            again::<Timestamp>,
            again::<Seq>,
            again::<bool>,
            again::<String>,
            again::<ByteVec>,
            again::<Option<bool>>,
            again::<Vec<Seq>>,
        ];
        for written in readers.iter().filter_map(|reader| reader(&item)) {
            assert_eq!(written == item, deterministic, "{item:02x?}");
            read += 1;
        }
    }
    assert!(read > 35, "only {read}");
}

#[test]
fn in_claims_only_the_deterministic_item_that_fits_is_read() {
    let good = claims(Terms::PrepaidDeal { value: euro(1250) });
    let payload = encode_claims(&good);
    let until = encode(&good.until);
    let at = payload.windows(5).position(|window| window == until).unwrap();
    for (item, _) in appendix_a() {
        let changed = [&payload[..at], &item, &payload[at + until.len()..]].concat();
        // Of all items only 1000000000000 is a time after the voucher's beginning.
        let fits = item == hex("1b000000e8d4a51000");
        assert_eq!(decode_claims(&changed).is_ok(), fits, "{item:02x?}");
    }
}

/// RFC 8949 appendix F: initial bytes that are reserved, breaks in the open, simple values in two bytes that need one,
/// strings whose pieces are of another kind.
#[test]
fn items_that_are_not_well_formed_are_refused() {
    let reserved = (0..8_u8).flat_map(|major| (28..31).map(move |info| vec![(major << 5) | info]));
    let broken = [0x1f, 0x3f, 0xdf, 0xff].map(|byte| vec![byte]);
    let simple = (0..32).map(|value| vec![0xf8, value]);
    let pieces = [0x00, 0x21, 0x61, 0x80, 0xa0, 0xc0, 0xe0].map(|byte| vec![0x5f, byte, 0xff]);
    let short =
        ["18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "41", "61", "5affffffff00"];
    let short = short.map(hex);
    let all = reserved.chain(broken).chain(simple).chain(pieces).chain(short);
    for item in all {
        let item = &item;
        let read = [
            again::<Timestamp>(item),
            again::<Seq>(item),
            again::<bool>(item),
            again::<String>(item),
            again::<ByteVec>(item),
            again::<Option<bool>>(item),
            again::<Vec<Seq>>(item),
        ];
        assert!(read.iter().all(Option::is_none), "{item:02x?}");
    }
}

/// RFC 9052 appendix C.2.1, signed with ECDSA.
const SINGLE_SIGNATURE: &str = "d28443a10126a10442313154546869732069732074686520636f6e74656e742e\
    58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e\
    2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36";

/// `eddsa-examples/eddsa-sig-01.json` of the COSE working group's examples, signed with the first key of RFC 8032.
const ED25519_SIGNATURE: &str = "d28445a201270300a10442313154546869732069732074686520636f6e74656e742e\
    58407142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87\
    11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d";

#[test]
fn signed_messages_of_the_standard_are_read_by_a_lenient_library_and_not_by_us() {
    for text in [SINGLE_SIGNATURE, ED25519_SIGNATURE] {
        let bytes = hex(&text.replace([' ', '\n'], ""));
        let theirs = CoseSign1::from_tagged_slice(&bytes).unwrap();
        assert_eq!(theirs.payload.as_deref(), Some(&b"This is the content."[..]));
        // Ours is stricter on purpose: no tag, the algorithm -19, a protected key id, nothing unprotected.
        for bytes in [&bytes[..], &bytes[1..]] {
            assert!(Envelope::parse(bytes).is_err());
        }
    }
}

#[test]
fn the_standards_ed25519_message_verifies_under_our_key() {
    let message = CoseSign1::from_tagged_slice(&hex(ED25519_SIGNATURE)).unwrap();
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let key = public.parse::<PublicKey>().unwrap();
    // `ToBeSign_hex` of the example.
    let expected =
        hex("846a5369676e61747572653145a2012703004054546869732069732074686520636f6e74656e742e");
    assert_eq!(message.tbs_data(b""), expected);
    let verdict = message.verify_signature(b"", |signature, signed| {
        key.verify(signed, signature.try_into().unwrap()).then_some(()).ok_or(())
    });
    assert_eq!(verdict, Ok(()));
}

/// RFC 8392 appendix A.1.
const CLAIMS_SET: &str = "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b7703\
    7818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0\
    051a5610d9f0061a5610d9f007420b71";

#[test]
fn claims_of_rfc_8392_are_read_by_a_lenient_library_and_refused_as_too_new_by_us() {
    let bytes = hex(CLAIMS_SET);
    let theirs = ClaimsSet::from_slice(&bytes).unwrap();
    assert_eq!(theirs.issuer.as_deref(), Some("coap://as.example.com"));
    assert_eq!(theirs.cwt_id.as_deref(), Some(&[0x0b, 0x71][..]));
    // An issuer's name of ours is short and plain.
    assert!(decode_claims(&bytes).is_err());
    // With names of ours, the audience is a claim that we do not know, so it may restrict what we would honour.
    let ours = hex("a7016464656d6f0264616e6e61036178041a5612aeb0051a5610d9f0061a5610d9f007420b71");
    assert!(ClaimsSet::from_slice(&ours).is_ok());
    assert!(matches!(decode_claims(&ours), Err(ClaimsDecodeError::UnknownClaim)));
}

/// RFC 8392 appendix A.3: the claims above, signed with ECDSA.
#[test]
fn the_signed_token_of_rfc_8392_is_a_message_around_its_claims() {
    let text = format!(
        "d28443a10126a104524173796d6d657472696345434453413235365850{CLAIMS_SET}58405427c1ff28d23fbad1f2\
         9c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209\
         120e1c9e30"
    );
    let bytes = hex(&text.replace([' ', '\n'], ""));
    let theirs = CoseSign1::from_tagged_slice(&bytes).unwrap();
    assert_eq!(theirs.payload, Some(hex(CLAIMS_SET)));
    assert!(Envelope::parse(&bytes).is_err() && Envelope::parse(&bytes[1..]).is_err());
}

#[test]
fn base45_is_that_of_rfc_9285() {
    // Sections 4.3 and 4.4.
    let pairs = [
        ("AB", "BB8"),
        ("Hello!!", "%69 VD92EX0"),
        ("base-45", "UJCLQE7W581"),
        ("ietf!", "QED8WEX0"),
    ];
    for (bytes, base45) in pairs {
        assert_eq!(to_text(bytes.as_bytes()), format!("CS1:{base45}"));
        assert_eq!(from_text(&format!("CS1:{base45}")), Ok(bytes.as_bytes().to_vec()));
    }
    assert_eq!(from_text("CS1:FGW"), Ok(vec![0xff, 0xff]));
    // GGW is 65536 (section 6); the others are two characters beyond 255, and one character alone.
    for bad in ["GGW", "::", "AB", "5R", ":::", "A", "BB8A", "bb8"] {
        assert_eq!(from_text(&format!("CS1:{bad}")), Err(TextError::NotBase45), "{bad}");
    }
}
