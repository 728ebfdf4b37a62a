//! A second factor: set, asked for, taken once, lost, required.

use chrono::Duration;
use identity::{
    Again, Config, Entered, Identity, NewCodes, OwnerProof, PasswordChange, SecondFactorRule, SecondStep, SignIn,
    SignedIn,
};
use kernel::{Clock, Fault, Result};
use ring::hmac;

use crate::town::{HOME, PASSWORD, Town, cheap, code, engine};

/// The bytes of a secret as it is spelled on the page.
fn raw(secret: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut count, mut key) = (0_u64, 0, Vec::new());
    for letter in secret.chars().filter(|c| *c != ' ') {
        bits = bits << 5 | LETTERS.find(letter).unwrap() as u64;
        count += 5;
        if count >= 8 {
            count -= 8;
            key.push((bits >> count) as u8);
        }
    }
    key
}

/// What an authenticator app shows for a secret.
fn app(secret: &str, moment: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &raw(secret));
    let tag = hmac::sign(&key, &(moment / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Somebody with an authenticator.
pub struct Owner {
    pub signed: SignedIn,
    pub secret: String,
    pub recovery: Vec<String>,
}

impl Town {
    fn proof<'a>(&self, signed: &SignedIn, password: &'a str) -> OwnerProof<'a> {
        OwnerProof {
            password,
            session: signed.session,
            source: HOME,
        }
    }

    /// The code of this moment.
    pub fn app(&self, secret: &str) -> String {
        app(secret, self.scratch.clock.now().timestamp())
    }

    pub async fn offered(&self, engine: &Identity, signed: &SignedIn) -> String {
        let mut op = self.op(&signed.actor).await;
        engine.offer_totp(&mut op, signed.session).await.unwrap();
        let offer = engine
            .offered_totp(&mut op, signed.session, "Tỉnh mẫu")
            .await
            .unwrap()
            .unwrap();
        op.commit().await.unwrap();
        assert!(offer.address.contains(&offer.secret.replace(' ', "")));
        offer.secret
    }

    async fn confirm(&self, engine: &Identity, signed: &SignedIn, code: &str, password: &str) -> Result<NewCodes> {
        let proof = self.proof(signed, password);
        engine.confirm_totp(&self.scratch.ops, &signed.actor, code, proof).await
    }

    /// Signs in and sets an authenticator up.
    pub async fn set_up(&self, engine: &Identity, login: &str) -> Owner {
        let mut signed = self.in_with(engine, login).await;
        let secret = self.offered(engine, &signed).await;
        let new = self.confirm(engine, &signed, &self.app(&secret), PASSWORD).await;
        let NewCodes { codes: recovery, token } = new.unwrap();
        signed.token = token;
        // The code that proved it is taken; a minute later there is another.
        self.advance(Duration::minutes(1));
        Owner {
            signed,
            secret,
            recovery,
        }
    }

    async fn entered(&self, engine: &Identity, login: &str) -> Entered {
        let attempt = SignIn {
            login,
            password: PASSWORD,
            source: HOME,
        };
        engine.sign_in(&self.scratch.ops, attempt).await.unwrap()
    }

    async fn in_with(&self, engine: &Identity, login: &str) -> SignedIn {
        match self.entered(engine, login).await {
            Entered::In(signed) => *signed,
            Entered::Half(_) => panic!("a code is needed"),
        }
    }

    pub async fn half(&self, login: &str) -> String {
        match self.entered(&self.identity, login).await {
            Entered::In(_) => panic!("no code was asked for"),
            Entered::Half(half) => half.token,
        }
    }

    pub async fn finish(&self, half: &str, code: &str) -> Result<SignedIn, Fault> {
        let step = SecondStep {
            half,
            code,
            source: HOME,
        };
        self.identity.finish_sign_in(&self.scratch.ops, step).await
    }
}

fn officials_need_it() -> Config {
    Config {
        second_factor: SecondFactorRule::Officials,
        ..cheap()
    }
}

#[tokio::test]
async fn the_password_alone_no_longer_opens_an_account_with_an_authenticator() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let elsewhere = town.enter("chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    assert_eq!(sen.recovery.len(), 10);
    assert_eq!(town.actor(&elsewhere.token).await, None, "other sessions have ended");
    assert!(town.actor(&sen.signed.token).await.is_some());

    let half = town.half("chi.sen").await;
    assert_eq!(town.actor(&half).await, None, "half a sign-in is no session");
    for wrong in ["000000", "12345", "0000-0000-0000", &"9".repeat(10_000)] {
        assert_eq!(code(town.finish(&half, wrong).await), "identity.code_wrong", "{wrong}");
    }
    let right = town.app(&sen.secret);
    let signed = town
        .finish(&half, &format!(" {} {} ", &right[..3], &right[3..]))
        .await
        .unwrap();
    assert_eq!(town.actor(&signed.token).await, Some(signed.actor));
    assert_eq!(
        code(town.finish(&half, &right).await),
        "identity.sign_in_expired",
        "it is used up"
    );
    let again = town.half("chi.sen").await;
    assert_eq!(
        code(town.finish(&again, &right).await),
        "identity.code_wrong",
        "a code is taken once, in any sign-in"
    );
    town.advance(Duration::seconds(30));
    town.finish(&again, &town.app(&sen.secret)).await.unwrap();
}

#[tokio::test]
async fn a_recovery_code_opens_once_and_new_ones_replace_the_old() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let half = town.half("chi.sen").await;
    town.finish(&half, &sen.recovery[3].to_lowercase()).await.unwrap();
    let half = town.half("chi.sen").await;
    assert_eq!(code(town.finish(&half, &sen.recovery[3]).await), "identity.code_wrong");
    let mut op = town.op(&sen.signed.actor).await;
    let now = town.identity.second_factor(&mut op).await.unwrap();
    assert_eq!(
        (now.since.is_some(), now.recovery_codes_left, now.required),
        (true, 9, false)
    );
    drop(op);

    let proof = town.proof(&sen.signed, PASSWORD);
    let ops = &town.scratch.ops;
    let new = town
        .identity
        .renew_recovery_codes(ops, &sen.signed.actor, proof)
        .await
        .unwrap();
    assert_eq!(
        code(town.finish(&half, &new.codes[3]).await),
        "identity.sign_in_expired",
        "what waited is forgotten"
    );
    let half = town.half("chi.sen").await;
    assert_eq!(code(town.finish(&half, &sen.recovery[4]).await), "identity.code_wrong");
    town.finish(&half, &new.codes[4]).await.unwrap();
    let used = town
        .count("SELECT count(*) FROM op.event WHERE kind = 'identity.recovery_code_used' AND payload ->> 'left' = '9'")
        .await;
    assert_eq!(used, 2);
}

#[tokio::test]
async fn only_the_password_and_a_code_put_a_secret_into_force() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let signed = town.enter("chi.sen").await;
    let engine = &town.identity;
    assert_eq!(
        code(town.confirm(engine, &signed, "123456", PASSWORD).await),
        "identity.offer_gone"
    );
    let secret = town.offered(engine, &signed).await;
    assert_eq!(
        town.offered(engine, &signed).await,
        secret,
        "a page that is loaded again shows the same"
    );
    let now = town.app(&secret);
    assert_eq!(
        code(town.confirm(engine, &signed, &now, "sai mật khẩu").await),
        "identity.password_wrong"
    );
    let fault = town.confirm(engine, &signed, "000000", PASSWORD).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.fields[0].field.as_str()),
        ("identity.code_wrong", "code")
    );
    assert!(
        matches!(town.entered(engine, "chi.sen").await, Entered::In(_)),
        "nothing is in force yet"
    );
    town.advance(Duration::minutes(61));
    let late = town.app(&secret);
    assert_eq!(
        code(town.confirm(engine, &signed, &late, PASSWORD).await),
        "identity.offer_gone"
    );
    assert_ne!(town.offered(engine, &signed).await, secret);
}

#[tokio::test]
async fn another_telephone_takes_over_when_it_has_given_its_first_code() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let next = town.offered(&town.identity, &sen.signed).await;
    let half = town.half("chi.sen").await;
    town.finish(&half, &town.app(&sen.secret)).await.unwrap();
    town.advance(Duration::minutes(1));
    let now = town.app(&next);
    town.confirm(&town.identity, &sen.signed, &now, PASSWORD).await.unwrap();
    town.advance(Duration::minutes(1));
    let half = town.half("chi.sen").await;
    assert_eq!(
        code(town.finish(&half, &town.app(&sen.secret)).await),
        "identity.code_wrong"
    );
    town.finish(&half, &town.app(&next)).await.unwrap();
}

#[tokio::test]
async fn half_a_sign_in_does_not_wait_for_ever_nor_outlive_the_password() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let half = town.half("chi.sen").await;
    town.advance(Duration::minutes(5));
    assert_eq!(
        code(town.finish(&half, &town.app(&sen.secret)).await),
        "identity.sign_in_expired"
    );
    assert_eq!(code(town.finish("", "123456").await), "identity.sign_in_expired");
    assert_eq!(
        code(town.finish(&sen.signed.token, "123456").await),
        "identity.sign_in_expired"
    );

    let half = town.half("chi.sen").await;
    let change = PasswordChange {
        old: PASSWORD,
        new: "lục bình trôi trên sông",
        session: sen.signed.session,
        source: HOME,
    };
    town.identity
        .change_password(&town.scratch.ops, &sen.signed.actor, change)
        .await
        .unwrap();
    assert_eq!(
        code(town.finish(&half, &town.app(&sen.secret)).await),
        "identity.sign_in_expired"
    );
}

#[tokio::test]
async fn whoever_looked_on_has_nothing_in_hand_afterwards() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let (intruder, sen) = (town.enter("chi.sen").await, town.enter("chi.sen").await);
    let engine = &town.identity;
    // The intruder has a session and looks at a secret before its owner asks for one.
    let seen = town.offered(engine, &intruder).await;
    let secret = town.offered(engine, &sen).await;
    assert_ne!(seen, secret, "each session is shown its own");
    let mut op = town.op(&intruder.actor).await;
    assert!(
        engine
            .offered_totp(&mut op, intruder.session, "x")
            .await
            .unwrap()
            .is_none()
    );
    drop(op);
    let now = town.app(&secret);
    let new = town.confirm(engine, &sen, &now, PASSWORD).await.unwrap();
    // A copy of the token of her own session is worth nothing either.
    assert_eq!(town.actor(&sen.token).await, None);
    assert_eq!(town.actor(&intruder.token).await, None);
    assert!(town.actor(&new.token).await.is_some());
    assert_eq!(
        town.count("SELECT count(*) FROM identity.device").await,
        0,
        "browsers are strangers again"
    );

    let half = town.half("chi.sen").await;
    let other = town.finish(&half, &new.codes[0]).await.unwrap();
    town.offered(engine, &other).await;
    let change = PasswordChange {
        old: PASSWORD,
        new: "lục bình trôi trên sông",
        session: other.session,
        source: HOME,
    };
    let token = engine
        .change_password(&town.scratch.ops, &other.actor, change)
        .await
        .unwrap();
    assert_eq!(
        (town.actor(&other.token).await, town.actor(&token).await.is_some()),
        (None, true)
    );
    let mut op = town.op(&other.actor).await;
    assert!(
        engine
            .offered_totp(&mut op, other.session, "x")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn the_owner_hears_of_guesses_and_nothing_typed_is_no_guess() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let half = town.half("chi.sen").await;
    let news = "SELECT count(*) FROM op.event WHERE kind = 'identity.codes_guessed'";
    for guess in 1..=6 {
        assert_eq!(code(town.finish(&half, "000000").await), "identity.code_wrong");
        assert_eq!(town.count(news).await, i64::from(guess >= 5), "{guess}");
    }
    let guesses = "SELECT count(*) FROM identity.sign_in_attempt";
    let before = town.count(guesses).await;
    let proof = town.proof(&sen.signed, "");
    let renewed = town
        .identity
        .renew_recovery_codes(&town.scratch.ops, &sen.signed.actor, proof)
        .await;
    assert_eq!(code(renewed), "identity.required");
    assert_eq!(code(town.finish(&half, " ").await), "identity.required");
    assert_eq!(town.count(guesses).await, before);
}

#[tokio::test]
async fn the_password_alone_changes_no_factor_in_a_session_left_behind() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let (ops, actor) = (&town.scratch.ops, &sen.signed.actor);
    town.advance(Duration::minutes(15));
    let proof = || town.proof(&sen.signed, PASSWORD);
    let renewed = town.identity.renew_recovery_codes(ops, actor, proof()).await;
    assert_eq!(code(renewed), "identity.sign_in_again");
    let removed = town.identity.remove_second_factor(ops, actor, proof()).await;
    assert_eq!(code(removed), "identity.sign_in_again");
    let offered = town.identity.offer_passkey(ops, actor, "Khóa lạ", proof()).await;
    assert_eq!(code(offered), "identity.sign_in_again");
    // Whoever shows a factor once more in it goes on.
    let again = Again::Code(&sen.recovery[0]);
    town.identity
        .step_up(ops, actor, sen.signed.session, again, HOME)
        .await
        .unwrap();
    town.identity.renew_recovery_codes(ops, actor, proof()).await.unwrap();
}

#[tokio::test]
async fn codes_are_guessed_ten_times_and_not_eleven() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let half = town.half("chi.sen").await;
    for _ in 0..10 {
        assert_eq!(code(town.finish(&half, "000000").await), "identity.code_wrong");
    }
    let right = town.app(&sen.secret);
    assert_eq!(code(town.finish(&half, &right).await), "identity.too_many_attempts");
    town.advance(Duration::minutes(16));
    let half = town.half("chi.sen").await;
    town.finish(&half, &town.app(&sen.secret)).await.unwrap();
}

#[tokio::test]
async fn an_official_without_a_second_factor_is_a_citizen() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let strict = engine(&town.scratch, officials_need_it());
    let actor = async |token: &str| web::Identify::session(&strict, token).await.unwrap().unwrap().actor;

    let sen = town.in_with(&strict, "chi.sen").await;
    assert!(!sen.second_factor_missing);
    let lua = town.in_with(&strict, "anh.lua").await;
    assert!(lua.second_factor_missing && lua.actor.citizen().is_some());
    assert!(actor(&lua.token).await.citizen().is_some());
    let mut op = town.op(&lua.actor).await;
    let position = sqlx::query_scalar("SELECT id FROM identity.position")
        .fetch_one(op.conn())
        .await;
    let position = kernel::PositionId::from_uuid(position.unwrap());
    let chosen = strict.choose_position(&mut op, lua.session, Some(position)).await;
    assert_eq!(code(chosen), "identity.second_factor_required");
    assert!(strict.second_factor(&mut op).await.unwrap().required);
    drop(op);

    let secret = town.offered(&strict, &lua).await;
    let new = town.confirm(&strict, &lua, &town.app(&secret), PASSWORD).await.unwrap();
    let official = actor(&new.token).await;
    assert_eq!(
        official.official().unwrap().roles,
        ["clerk"],
        "from the next request on"
    );
    let proof = town.proof(&lua, PASSWORD);
    let removed = strict.remove_second_factor(&town.scratch.ops, &official, proof).await;
    assert_eq!(code(removed), "identity.second_factor_required");
    // Where it is only offered, it may go.
    let proof = town.proof(&lua, PASSWORD);
    town.identity
        .remove_second_factor(&town.scratch.ops, &official, proof)
        .await
        .unwrap();
    assert!(town.in_with(&strict, "anh.lua").await.second_factor_missing);
}

#[tokio::test]
async fn an_administrator_helps_whoever_has_lost_everything() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let mut op = town.op(&clerk).await;
    assert_eq!(
        code(
            town.identity
                .reset_second_factor(&mut op, account, "đã xem thẻ căn cước")
                .await
        ),
        "identity.not_allowed"
    );
    drop(op);
    let admin = town.desk("anh.quan", &["admin"]).await;
    let own = admin.account().unwrap();
    let mut op = town.op(&admin).await;
    let reset = town.identity.reset_second_factor(&mut op, own, "quên điện thoại").await;
    assert_eq!(code(reset), "identity.not_allowed", "not one's own");
    drop(op);
    let mut op = town.op(&admin).await;
    let reset = town.identity.reset_second_factor(&mut op, account, " ").await;
    assert_eq!(code(reset), "identity.purpose_needed");
    drop(op);
    let mut op = town.op(&admin).await;
    town.identity
        .reset_second_factor(&mut op, account, "đã xem thẻ căn cước")
        .await
        .unwrap();
    assert_eq!(
        code(
            town.identity
                .reset_second_factor(&mut op, account, "đã xem thẻ căn cước")
                .await
        ),
        "identity.no_second_factor"
    );
    op.commit().await.unwrap();
    assert_eq!(town.actor(&sen.signed.token).await, None);
    let news = "SELECT count(*) FROM op.event WHERE kind = 'identity.new_device'";
    let before = town.count(news).await;
    town.enter("chi.sen").await;
    assert_eq!(
        town.count(news).await,
        before + 1,
        "whoever comes in first afterwards is news"
    );
}

#[tokio::test]
async fn nothing_readable_of_it_is_kept() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let sen = town.set_up(&town.identity, "chi.sen").await;
    let half = town.half("chi.sen").await;
    town.finish(&half, &sen.recovery[0]).await.unwrap();
    let kept: String = sqlx::query_scalar(
        "SELECT concat((SELECT string_agg(totp::text, ' ') FROM identity.totp AS totp),
                       (SELECT string_agg(code::text, ' ') FROM identity.recovery_code AS code),
                       (SELECT string_agg(half::text, ' ') FROM identity.half_sign_in AS half),
                       (SELECT string_agg(event::text, ' ') FROM op.event AS event))",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    let kept = format!("{kept} {:?}", town.trail().await);
    let secret = sen.secret.replace(' ', "");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let letters = sen.recovery[0].replace('-', "");
    for plain in [
        &secret,
        &sen.recovery[0],
        &letters,
        &hex(letters.as_bytes()),
        &hex(&raw(&sen.secret)),
        &half,
    ] {
        assert!(!kept.contains(plain.as_str()), "{plain}");
    }
    assert!(kept.contains("identity.second_factor_changed") && kept.contains("recovery_code"));
}

#[tokio::test]
async fn a_sign_in_from_a_browser_that_is_not_known_is_news_but_for_the_first() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let news = "SELECT count(*) FROM op.event WHERE kind = 'identity.new_device'";
    let first = town.enter("chi.sen").await;
    assert_eq!(town.count(news).await, 0);
    let known = identity::Source {
        device: Some(&first.device),
        ..HOME
    };
    town.sign_in("chi.sen", PASSWORD, known).await.unwrap();
    assert_eq!(town.count(news).await, 0);
    town.enter("chi.sen").await;
    assert_eq!(town.count(news).await, 1);
}

#[tokio::test]
async fn one_session_is_ended_by_its_owner_and_by_no_other() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    town.citizen("Võ Văn Tràm", "anh.tram").await;
    let (here, there) = (town.enter("chi.sen").await, town.enter("chi.sen").await);
    let tram = town.enter("anh.tram").await;
    let mut op = town.op(&tram.actor).await;
    assert_eq!(
        code(town.identity.end_session(&mut op, there.session).await),
        "identity.session_not_found"
    );
    drop(op);
    let mut op = town.op(&here.actor).await;
    town.identity.end_session(&mut op, there.session).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        (town.actor(&here.token).await.is_some(), town.actor(&there.token).await),
        (true, None)
    );
}
