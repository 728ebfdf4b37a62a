//! Passkeys: made, shown alone and after the password, refused, removed.

use chrono::Duration;
use identity::{
    Assertion, Config, Entered, Identity, NewCodes, OwnerProof, PasskeyStep, Registration, SecondFactorRule,
    SecondStep, SignIn, SignedIn,
};
use kernel::{Clock, Result};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::town::{HOME, PASSWORD, Town, cheap, code, engine};

pub fn made(authenticator: &mut Authenticator, options: &Value) -> Registration {
    serde_json::from_value(authenticator.make(options)).unwrap()
}

pub fn shown(authenticator: &mut Authenticator, options: &Value) -> Assertion {
    serde_json::from_value(authenticator.show(options)).unwrap()
}

impl Town {
    pub fn owner<'a>(&self, signed: &SignedIn, password: &'a str) -> OwnerProof<'a> {
        OwnerProof {
            password,
            session: signed.session,
            source: HOME,
        }
    }

    /// What the browser is asked to make.
    pub async fn offered_passkey(&self, engine: &Identity, signed: &SignedIn) -> Value {
        let proof = self.owner(signed, PASSWORD);
        engine
            .offer_passkey(&self.scratch.ops, &signed.actor, "Điện thoại", proof)
            .await
            .unwrap();
        let mut op = self.op(&signed.actor).await;
        let offered = engine.offered_passkey(&mut op, signed.session, "Tỉnh mẫu").await;
        let (name, options) = offered.unwrap().unwrap();
        assert_eq!(name, "Điện thoại");
        json!(options)
    }

    pub async fn add(&self, engine: &Identity, signed: &SignedIn, new: &Registration) -> Result<NewCodes> {
        let here = (signed.session, HOME);
        engine.add_passkey(&self.scratch.ops, &signed.actor, new, here).await
    }

    /// Adds a passkey to the account of a session, which goes on under another token.
    pub async fn with_passkey(&self, engine: &Identity, signed: &mut SignedIn, id: u8) -> (Authenticator, Vec<String>) {
        let mut authenticator = Authenticator::p256(id);
        let options = self.offered_passkey(engine, signed).await;
        let new = made(&mut authenticator, &options);
        let NewCodes { codes, token } = self.add(engine, signed, &new).await.unwrap();
        signed.token = token;
        (authenticator, codes)
    }

    pub async fn question(&self, half: Option<&str>) -> Value {
        let asked = self.identity.passkey_question(&self.scratch.ops, half).await;
        json!(asked.unwrap())
    }

    async fn sign_in_by(&self, assertion: &Assertion, half: Option<&str>) -> Result<SignedIn> {
        let step = PasskeyStep {
            assertion,
            half,
            source: HOME,
        };
        self.identity.sign_in_with_passkey(&self.scratch.ops, step).await
    }

    async fn waits(&self, login: &str) -> String {
        let attempt = SignIn {
            login,
            password: PASSWORD,
            source: HOME,
        };
        match self.identity.sign_in(&self.scratch.ops, attempt).await.unwrap() {
            Entered::Half(half) => half.token,
            Entered::In(_) => panic!("the password alone opens nothing"),
        }
    }
}

// shows: R379
#[tokio::test]
async fn a_passkey_opens_the_account_alone_and_after_the_password() {
    let town = Town::new().await;
    let account = town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let mut signed = town.enter("chi.sen").await;
    let elsewhere = town.enter("chi.sen").await;
    let before = signed.token.clone();
    let (mut phone, codes) = town.with_passkey(&town.identity, &mut signed, 1).await;
    assert_eq!(codes.len(), 10, "the first factor comes with recovery codes");
    assert_eq!(phone.user, account.uuid().as_bytes());
    for gone in [&before, &elsewhere.token] {
        assert!(town.actor(gone).await.is_none(), "all come in anew");
    }
    assert!(town.actor(&signed.token).await.is_some());

    let options = town.question(None).await;
    assert_eq!(options["userVerification"], "required");
    let alone = town.sign_in_by(&shown(&mut phone, &options), None).await.unwrap();
    assert_eq!(alone.actor.account(), Some(account));

    let half = town.waits("chi.sen").await;
    let options = town.question(Some(&half)).await;
    assert_eq!(
        options["allowCredentials"][0]["transports"],
        json!(["internal"]),
        "only ways that we know"
    );
    phone.verified = false;
    let second = town.sign_in_by(&shown(&mut phone, &options), Some(&half)).await;
    assert!(second.is_ok(), "beside the password presence is enough");
    // The sign-in that waited is over.
    assert_eq!(
        code(town.identity.passkey_question(&town.scratch.ops, Some(&half)).await),
        "identity.sign_in_expired"
    );

    // A recovery code works as before.
    let half = town.waits("chi.sen").await;
    let step = SecondStep {
        half: &half,
        code: &codes[0],
        source: HOME,
    };
    assert!(town.identity.finish_sign_in(&town.scratch.ops, step).await.is_ok());
    let mut op = town.op(&signed.actor).await;
    let factor = town.identity.second_factor(&mut op).await.unwrap();
    assert_eq!(
        (factor.passkeys, factor.authenticator_since, factor.recovery_codes_left),
        (1, None, 9)
    );
    assert!(factor.since.is_some());
    let trail = town.trail().await;
    let of = |what: &str| {
        trail
            .iter()
            .filter(|(action, _, detail)| action == "identity.signed_in" && detail.contains(what))
            .count()
    };
    assert_eq!((of("\"passkey_alone\""), of("\"passkey\"")), (1, 1));
}

#[tokio::test]
async fn another_origin_person_or_challenge_and_a_device_that_asks_nobody_open_nothing() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let other = town.citizen("Trần Văn Lúa", "anh.lua").await;
    let mut signed = town.enter("chi.sen").await;
    let (mut phone, _) = town.with_passkey(&town.identity, &mut signed, 1).await;
    let mut lua = town.enter("anh.lua").await;
    let (mut lua_phone, _) = town.with_passkey(&town.identity, &mut lua, 2).await;

    type Change = fn(&mut Authenticator);
    let sen = phone.user.clone();
    for change in [
        (|one| one.origin = "https://dichvucong-haugiang.vn".into()) as Change,
        |one| one.site = "dichvucong-haugiang.vn".into(),
        |one| one.verified = false,
        |one| one.present = false,
        |one| one.user = Vec::new(),
        |one| one.id = vec![9; 32],
    ] {
        let options = town.question(None).await;
        let (origin, site, id) = (phone.origin.clone(), phone.site.clone(), phone.id.clone());
        change(&mut phone);
        let wrong = shown(&mut phone, &options);
        assert_eq!(code(town.sign_in_by(&wrong, None).await), "identity.passkey_wrong");
        (phone.origin, phone.site, phone.id, phone.user) = (origin, site, id, sen.clone());
        (phone.verified, phone.present) = (true, true);
        // The challenge is gone with the first answer, right or wrong.
        let right = shown(&mut phone, &options);
        assert_eq!(code(town.sign_in_by(&right, None).await), "identity.passkey_expired");
    }
    // Somebody else's handle in a signed answer: handles are not signed.
    phone.user = other.uuid().as_bytes().to_vec();
    let options = town.question(None).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), None).await),
        "identity.passkey_wrong"
    );
    phone.user = sen;
    // The passkey of one person beside the password of another.
    let half = town.waits("chi.sen").await;
    let options = town.question(Some(&half)).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut lua_phone, &options), Some(&half)).await),
        "identity.passkey_wrong"
    );
    // A challenge for one thing is none for another.
    let options = town.question(None).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), Some(&half)).await),
        "identity.passkey_expired"
    );
    let options = town.question(Some(&half)).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), None).await),
        "identity.passkey_expired"
    );

    // Twice, and too late.
    let options = town.question(None).await;
    let right = shown(&mut phone, &options);
    assert!(town.sign_in_by(&right, None).await.is_ok());
    assert_eq!(code(town.sign_in_by(&right, None).await), "identity.passkey_expired");
    let options = town.question(None).await;
    town.advance(Duration::minutes(6));
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), None).await),
        "identity.passkey_expired"
    );
    assert_eq!(town.count("SELECT count(*) FROM identity.passkey_challenge").await, 0);
    let trail = town.trail().await;
    for why in [
        "other_origin",
        "other_site",
        "not_verified",
        "nobody_there",
        "unknown",
        "other_person",
    ] {
        assert!(trail.iter().any(|(_, _, detail)| detail.contains(why)), "{why}");
    }
}

#[tokio::test]
async fn a_copy_of_a_passkey_is_refused_and_told() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let mut signed = town.enter("chi.sen").await;
    let (mut phone, _) = town.with_passkey(&town.identity, &mut signed, 1).await;
    for _ in 0..3 {
        let options = town.question(None).await;
        assert!(town.sign_in_by(&shown(&mut phone, &options), None).await.is_ok());
    }
    for before in [3, 2, 0] {
        phone.count = before;
        let options = town.question(None).await;
        let copy = serde_json::from_value(phone.sign(&options)).unwrap();
        assert_eq!(code(town.sign_in_by(&copy, None).await), "identity.passkey_cloned");
    }
    let told = "SELECT count(*) FROM op.event WHERE kind = 'identity.passkey_cloned'";
    assert_eq!(town.count(told).await, 3);
    // The device of the owner still counts on.
    phone.count = 3;
    let options = town.question(None).await;
    assert!(town.sign_in_by(&shown(&mut phone, &options), None).await.is_ok());
}

#[tokio::test]
async fn a_passkey_is_made_by_the_owner_in_this_session_and_once() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    town.citizen("Trần Văn Lúa", "anh.lua").await;
    let mut signed = town.enter("chi.sen").await;
    let lua = town.enter("anh.lua").await;
    let ops = &town.scratch.ops;
    for (name, password, expected) in [
        ("Máy", "sai mật khẩu", "identity.password_wrong"),
        ("  ", PASSWORD, "identity.passkey_name"),
        (&*"ă".repeat(61), PASSWORD, "identity.passkey_name"),
    ] {
        let proof = town.owner(&signed, password);
        assert_eq!(
            code(town.identity.offer_passkey(ops, &signed.actor, name, proof).await),
            expected
        );
    }
    let options = town.offered_passkey(&town.identity, &signed).await;
    let mut phone = Authenticator::ed25519(1);
    let new = made(&mut phone, &options);
    assert_eq!(
        code(town.add(&town.identity, &lua, &new).await),
        "identity.passkey_expired",
        "of another session"
    );
    phone.origin = "https://evil.vn".into();
    let foreign = made(&mut phone, &options);
    assert_eq!(
        code(town.add(&town.identity, &signed, &foreign).await),
        "identity.passkey_unfit"
    );
    signed.token = town.add(&town.identity, &signed, &new).await.unwrap().token;
    assert_eq!(
        code(town.add(&town.identity, &signed, &new).await),
        "identity.passkey_expired",
        "twice"
    );
    // The same authenticator for somebody else.
    let options = town.offered_passkey(&town.identity, &lua).await;
    phone.origin = "http://localhost".into();
    let known = made(&mut phone, &options);
    assert_eq!(
        code(town.add(&town.identity, &lua, &known).await),
        "identity.passkey_known"
    );
    let options = town.offered_passkey(&town.identity, &signed).await;
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    let late = made(&mut Authenticator::p256(2), &options);
    town.advance(Duration::minutes(6));
    assert_eq!(
        code(town.add(&town.identity, &signed, &late).await),
        "identity.passkey_expired"
    );
}

// shows: R379
#[tokio::test]
async fn a_passkey_is_the_second_factor_that_officials_need() {
    let town = Town::new().await;
    let config = Config {
        second_factor: SecondFactorRule::Officials,
        ..cheap()
    };
    let strict = engine(&town.scratch, config);
    town.official("Trần Văn Lúa", "anh.lua", &["leader"]).await;
    let attempt = SignIn {
        login: "anh.lua",
        password: PASSWORD,
        source: HOME,
    };
    let Entered::In(signed) = strict.sign_in(&town.scratch.ops, attempt).await.unwrap() else {
        panic!("there is no factor yet");
    };
    let mut signed = *signed;
    assert!(signed.second_factor_missing && !signed.actor.is_official());
    let (mut phone, _) = town.with_passkey(&strict, &mut signed, 1).await;
    use web::Identify;
    let view = strict.session(&signed.token).await.unwrap().unwrap();
    assert!(view.actor.is_official(), "from the next page on");
    let mut op = town.op(&view.actor).await;
    let [only] = &strict.passkeys(&mut op).await.unwrap()[..] else {
        panic!("one passkey");
    };
    let (id, name) = (only.id, only.name.clone());
    drop(op);
    assert_eq!(name, "Điện thoại");
    let removed = strict
        .remove_passkey(&town.scratch.ops, &view.actor, id, town.owner(&signed, PASSWORD))
        .await;
    assert_eq!(code(removed), "identity.second_factor_required");
    // Alone it makes an official too.
    let options = json!(strict.passkey_question(&town.scratch.ops, None).await.unwrap());
    let assertion = shown(&mut phone, &options);
    let step = PasskeyStep {
        assertion: &assertion,
        half: None,
        source: HOME,
    };
    let alone = strict.sign_in_with_passkey(&town.scratch.ops, step).await.unwrap();
    assert!(alone.actor.is_official());

    // Where the rule is looser it can be removed, by whoever knows the password.
    let wrong = town.owner(&signed, "sai mật khẩu");
    let ops = &town.scratch.ops;
    assert_eq!(
        code(town.identity.remove_passkey(ops, &view.actor, id, wrong).await),
        "identity.password_wrong"
    );
    let right = town.owner(&signed, PASSWORD);
    signed.token = town.identity.remove_passkey(ops, &view.actor, id, right).await.unwrap();
    assert!(town.actor(&alone.token).await.is_none());
    assert_eq!(
        code(town.identity.remove_passkey(ops, &view.actor, id, right).await),
        "identity.passkey_not_found"
    );
    assert_eq!(
        town.count("SELECT count(*) FROM identity.recovery_code").await,
        0,
        "nothing to recover"
    );
    let options = town.question(None).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), None).await),
        "identity.passkey_wrong"
    );
    assert!(
        town.sign_in("anh.lua", PASSWORD, HOME).await.is_ok(),
        "the password alone again"
    );
}

#[tokio::test]
async fn a_suspended_account_a_lost_device_and_an_address_without_a_name() {
    let town = Town::new().await;
    let admin = town.desk("quan.tri", &["admin"]).await;
    let account = town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let mut signed = town.enter("chi.sen").await;
    let (mut phone, _) = town.with_passkey(&town.identity, &mut signed, 1).await;
    let set = async |state| {
        let mut op = town.op(&admin).await;
        town.identity.set_account_state(&mut op, account, state).await.unwrap();
        op.commit().await.unwrap();
    };
    set(identity::AccountState::Suspended).await;
    let options = town.question(None).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), None).await),
        "identity.account_suspended"
    );
    set(identity::AccountState::Active).await;
    // An administrator takes the factors of somebody away who has lost the device.
    let mut op = town.op(&admin).await;
    town.identity
        .reset_second_factor(&mut op, account, "đã xem thẻ căn cước")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let options = town.question(None).await;
    assert_eq!(
        code(town.sign_in_by(&shown(&mut phone, &options), None).await),
        "identity.passkey_wrong"
    );
    assert!(town.sign_in("chi.sen", PASSWORD, HOME).await.is_ok());

    let by_number = engine(
        &town.scratch,
        Config {
            public_address: "https://10.0.0.7".into(),
            ..cheap()
        },
    );
    assert_eq!(by_number.passkey_origin(), None);
    let asked = by_number.passkey_question(&town.scratch.ops, None).await;
    assert_eq!(code(asked), "identity.passkeys_unavailable");
}

#[tokio::test]
async fn answers_sent_at_once_open_one_session() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let mut signed = town.enter("chi.sen").await;
    let (mut phone, _) = town.with_passkey(&town.identity, &mut signed, 1).await;
    let options = town.question(None).await;
    let answer = shown(&mut phone, &options);
    let (one, other, third) = tokio::join!(
        town.sign_in_by(&answer, None),
        town.sign_in_by(&answer, None),
        town.sign_in_by(&answer, None)
    );
    let opened = [one, other, third].into_iter().filter(Result::is_ok).count();
    assert_eq!(opened, 1);
    assert!(town.scratch.clock.now() <= signed.expires_at);
}
