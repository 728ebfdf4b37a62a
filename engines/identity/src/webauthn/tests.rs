use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[path = "../../tests/it/authenticator.rs"]
#[allow(dead_code)]
mod authenticator;

use authenticator::Authenticator;

fn here() -> Address {
    Address::of("http://localhost").unwrap()
}

fn creation() -> Value {
    json!({ "challenge": encode(&[7; 32]), "user": { "id": encode(&[1; 16]) } })
}

fn made(authenticator: &mut Authenticator) -> Registration {
    serde_json::from_value(authenticator.make(&creation())).unwrap()
}

fn answer(authenticator: &mut Authenticator) -> Assertion {
    let options = json!({ "challenge": encode(&[9; 32]) });
    serde_json::from_value(authenticator.show(&options)).unwrap()
}

#[test]
fn passkeys_hold_at_names_and_nowhere_else() {
    let of = |site: &str| Address::of(site).map(|address| (address.origin, address.rp_id));
    let some = |origin: &str, host: &str| Some((origin.to_owned(), host.to_owned()));
    for (site, expected) in [
        (
            "https://dichvucong.haugiang.gov.vn",
            some("https://dichvucong.haugiang.gov.vn", "dichvucong.haugiang.gov.vn"),
        ),
        ("HTTPS://Cong.VN:443/nop?x", some("https://cong.vn", "cong.vn")),
        ("https://cong.vn:8443/", some("https://cong.vn:8443", "cong.vn")),
        ("http://127.0.0.1:8080", some("http://localhost:8080", "localhost")),
        ("http://[::1]:8080", some("http://localhost:8080", "localhost")),
        ("http://localhost:80", some("http://localhost", "localhost")),
        ("http://cong.vn", None),
        ("https://10.0.0.7", None),
        ("https://[2001:db8::7]:8443", None),
        ("ftp://cong.vn", None),
        ("https://", None),
        ("https://cổng.vn", None),
        ("https://a@b.vn", None),
        ("cong.vn", None),
    ] {
        assert_eq!(of(site), expected, "{site}");
    }
}

#[test]
fn both_kinds_of_keys_are_made_and_shown() {
    for mut one in [Authenticator::p256(1), Authenticator::ed25519(2)] {
        let new = registered(&here(), &[7; 32], &made(&mut one).response).unwrap();
        assert_eq!((&new.credential, &new.public_key), (&one.id, &one.cose()));
        let shown_once = answer(&mut one);
        assert_eq!(challenge(&shown_once.response.client_data_json), Ok(vec![9; 32]));
        let count = shown(&here(), &[9; 32], &new.public_key, true, &shown_once.response);
        assert_eq!(count, Ok(1));
        // Another key of the same kind has not signed this.
        let other = Authenticator::p256(3).cose();
        let count = shown(&here(), &[9; 32], &other, true, &shown_once.response);
        assert_eq!(count, Err(Refusal::Signature));
    }
}

#[test]
fn an_rsa_key_is_read_and_its_wrong_signature_refused() {
    let mut cose = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
    cose.extend([0xc1; 256]);
    cose.extend([0x21, 0x43, 1, 0, 1]);
    let key = Key::read(&cose).unwrap();
    assert!(matches!(key, Key::Rsa { n, e } if n.len() == 256 && e == [1, 0, 1]));
    assert!(!key.has_signed(b"message", &[1; 256]));
    // A short modulus is none.
    let short = [
        &[0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x41, 7][..],
        &[0x21, 0x43, 1, 0, 1],
    ]
    .concat();
    assert_eq!(Key::read(&short), None);
}

#[test]
fn what_comes_from_elsewhere_is_refused() {
    type Change = fn(&mut Authenticator);
    let table: [(Change, Refusal); 5] = [
        (
            |one| one.origin = "https://localhost.evil.vn".into(),
            Refusal::OtherOrigin,
        ),
        (|one| one.origin = "http://localhost:8080".into(), Refusal::OtherOrigin),
        (|one| one.site = "evil.vn".into(), Refusal::OtherSite),
        (|one| one.present = false, Refusal::NobodyThere),
        (|one| one.verified = false, Refusal::NotVerified),
    ];
    for (change, expected) in table {
        let mut one = Authenticator::p256(1);
        let key = one.cose();
        change(&mut one);
        let said = answer(&mut one);
        assert_eq!(shown(&here(), &[9; 32], &key, true, &said.response), Err(expected));
        let new = registered(&here(), &[7; 32], &made(&mut one).response);
        if expected == Refusal::NotVerified {
            assert!(new.is_ok(), "as a second factor it may stay unverified");
            assert_eq!(shown(&here(), &[9; 32], &key, false, &said.response), Ok(1));
        } else {
            assert_eq!(new.unwrap_err(), expected);
        }
    }
}

#[test]
fn one_ceremony_is_not_another() {
    let mut one = Authenticator::p256(1);
    let key = one.cose();
    let said = answer(&mut one);
    assert_eq!(
        shown(&here(), &[8; 32], &key, true, &said.response),
        Err(Refusal::OtherChallenge)
    );
    let new = made(&mut one).response;
    assert_eq!(registered(&here(), &[8; 32], &new), Err(Refusal::OtherChallenge));
    // What was said at the making does not open anything, and the other way round.
    let mut mixed = said.response.clone();
    mixed.client_data_json = new.client_data_json.clone();
    assert_eq!(
        shown(&here(), &[7; 32], &key, true, &mixed),
        Err(Refusal::OtherCeremony)
    );
    let mut turned = new;
    turned.client_data_json = said.response.client_data_json.clone();
    assert_eq!(registered(&here(), &[9; 32], &turned), Err(Refusal::OtherCeremony));
}

#[test]
fn inside_a_page_of_somebody_else_nothing_is_made() {
    let mut one = Authenticator::p256(1);
    for extra in [
        json!({ "crossOrigin": true }),
        json!({ "topOrigin": "https://evil.vn" }),
    ] {
        let mut said =
            json!({ "type": "webauthn.create", "challenge": encode(&[7; 32]), "origin": "http://localhost" });
        said.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let mut new = made(&mut one).response;
        new.client_data_json = encode(said.to_string().as_bytes());
        assert_eq!(registered(&here(), &[7; 32], &new), Err(Refusal::OtherOrigin), "{said}");
    }
}

#[test]
fn a_counter_goes_on_or_stays_at_zero() {
    for (before, now, expected) in [
        (0, 0, true),
        (0, 1, true),
        (5, 6, true),
        (5, 5, false),
        (5, 4, false),
        (5, 0, false),
    ] {
        assert_eq!(goes_on(before, now), expected, "{before} {now}");
    }
}

proptest! {
    /// Whatever a program sends, it gets an answer.
    #[test]
    fn nothing_that_is_sent_breaks_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..400), flips in proptest::collection::vec((0usize..300, any::<u8>()), 1..4)) {
        let _ = cbor::read(&bytes);
        let _ = Key::read(&bytes);
        let _ = read_data(&bytes);
        // And something that was right but for a few bytes.
        let mut one = Authenticator::p256(1);
        let mut new = made(&mut one).response;
        let mut object = decode(&new.attestation_object).unwrap();
        for (at, byte) in flips {
            let at = at % object.len();
            object[at] = byte;
        }
        new.attestation_object = encode(&object);
        let _ = registered(&here(), &[7; 32], &new);
    }
}
