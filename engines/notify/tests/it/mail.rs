//! E-mail: sent once, again when the server was away, never when not wanted.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use kernel::{AccountId, Actor, MessageId, PersonId, Result};
use notify::{Addresses, Delivery, DeliveryState, EmailConfig, Letter, Message, Notify, Recipient, Security};
use op::{Jobs, Op};
use render::Locale;
use testkit::Scratch;

use crate::{
    box_of,
    inbox::citizen,
    smtp::{Mood, Smtp},
};

/// One account has an address.
struct Book {
    known: AccountId,
}

#[async_trait::async_trait]
impl Addresses for Book {
    async fn recipient(&self, _: &mut Op, account: AccountId) -> Result<Option<Recipient>> {
        let recipient = Recipient {
            email: "mau@example.vn".into(),
            name: "Nguyễn Thị Mẫu".into(),
            locale: Locale::Vi,
        };
        Ok((account == self.known).then_some(recipient))
    }

    async fn recipient_of(&self, _: &mut Op, person: PersonId) -> Result<Option<Recipient>> {
        let recipient = Recipient {
            email: "chua-co-tai-khoan@example.vn".into(),
            name: "Nguyễn Thị Mẫu".into(),
            locale: Locale::Vi,
        };
        Ok((person.uuid() == self.known.uuid()).then_some(recipient))
    }
}

fn words(_: Locale, key: &str, params: &BTreeMap<String, String>) -> String {
    match key {
        "messages.result_ready.title" => format!("Hồ sơ {} có kết quả", params["code"]),
        _ => key.to_owned(),
    }
}

fn config(port: u16) -> EmailConfig {
    EmailConfig {
        host: "127.0.0.1".into(),
        port: Some(port),
        security: Security::None,
        user: None,
        password: None,
        from: "Cổng dịch vụ công <cong@example.vn>".into(),
        portal: "https://example.vn/".into(),
    }
}

struct House {
    scratch: Scratch,
    notify: Notify,
    jobs: Jobs,
    account: AccountId,
}

async fn house(port: u16) -> House {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let account = AccountId::new();
    let notify = box_of(&scratch)
        .with_email(&config(port), Arc::new(Book { known: account }), Arc::new(words))
        .expect("configured");
    let mut jobs = Jobs::new();
    notify::register(&mut jobs, &notify);
    House {
        scratch,
        notify,
        jobs,
        account,
    }
}

impl House {
    async fn send(&self, to: AccountId) -> MessageId {
        let mut op = self.scratch.ops.open(Actor::System("test")).await.expect("opens");
        let message = Message::new(to, "result_ready", "/ho-so/7").with("code", "H30-7");
        let id = self.notify.send(&mut op, message).await.expect("sent").expect("new");
        op.commit().await.expect("committed");
        id
    }

    async fn drain(&self) -> u32 {
        op::drain(&self.scratch.ops, &self.jobs).await.expect("drained")
    }

    async fn delivery(&self, id: MessageId) -> Option<Delivery> {
        let mut op = self.scratch.ops.open(Actor::System("test")).await.expect("opens");
        self.notify.delivery(&mut op, id).await.expect("looked up")
    }
}

#[tokio::test]
async fn a_mail_goes_out_once_with_words_link_and_a_lasting_number() {
    let server = Smtp::start(Mood::Up).await;
    let house = house(server.port).await;
    let id = house.send(house.account).await;
    assert_eq!(house.delivery(id).await.expect("ordered").state, DeliveryState::Queued);
    assert_eq!(house.drain().await, 1);
    assert_eq!(house.drain().await, 0);
    let delivery = house.delivery(id).await.expect("ordered");
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.last_error),
        (DeliveryState::Sent, 1, None)
    );
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    for part in [
        format!("<{id}@example.vn>"),
        "Auto-Submitted: auto-generated".into(),
        "mau@example.vn".into(),
    ] {
        assert!(mails[0].contains(&part), "{part} is in {}", mails[0]);
    }
    let body = decoded(&mails[0]);
    assert!(body.contains("https://example.vn/ho-so/7"), "{body}");
    assert!(body.contains("messages.result_ready.body"), "{body}");
}

/// The body with soft line ends of quoted-printable taken out; our test words are ASCII.
fn decoded(mail: &str) -> String {
    mail.replace("=\n", "")
}

#[tokio::test]
async fn a_server_that_was_down_gets_the_mail_when_it_is_up() {
    let server = Smtp::start(Mood::Down).await;
    let house = house(server.port).await;
    let id = house.send(house.account).await;
    assert_eq!(house.drain().await, 1);
    let delivery = house.delivery(id).await.expect("ordered");
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Queued, 1));
    assert!(delivery.last_error.is_some_and(|error| !error.is_empty()));

    server.set(Mood::Up);
    assert_eq!(house.drain().await, 0, "not before the pause is over");
    house.scratch.clock.advance(TimeDelta::minutes(1));
    assert_eq!(house.drain().await, 1);
    let delivery = house.delivery(id).await.expect("ordered");
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.last_error),
        (DeliveryState::Sent, 2, None)
    );
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_server_that_never_comes_back_ends_in_failure() {
    let server = Smtp::start(Mood::Down).await;
    let house = house(server.port).await;
    let id = house.send(house.account).await;
    let mut tries = 0;
    while house.delivery(id).await.expect("ordered").state == DeliveryState::Queued {
        tries += house.drain().await;
        house.scratch.clock.advance(TimeDelta::hours(1));
        assert!(tries < 30, "it ends");
    }
    assert_eq!(
        (tries, house.delivery(id).await.expect("ordered").state),
        (19, DeliveryState::Failed)
    );
    assert_eq!(house.drain().await, 0, "no job is left");
}

#[tokio::test]
async fn a_refusal_for_good_is_not_repeated() {
    let server = Smtp::start(Mood::Refusing).await;
    let house = house(server.port).await;
    let id = house.send(house.account).await;
    assert_eq!(house.drain().await, 1);
    let delivery = house.delivery(id).await.expect("ordered");
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 1));
    house.scratch.clock.advance(TimeDelta::days(1));
    assert_eq!(house.drain().await, 0);
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn no_mail_without_address_or_against_the_wish() {
    let server = Smtp::start(Mood::Up).await;
    let house = house(server.port).await;
    let without = house.send(AccountId::new()).await;
    assert_eq!(house.drain().await, 1);
    assert!(house.delivery(without).await.is_none());
    let mut op = house.scratch.ops.open(citizen(house.account)).await.expect("opens");
    house
        .notify
        .set_email(&mut op, house.account, false)
        .await
        .expect("set");
    op.commit().await.expect("committed");
    let unwanted = house.send(house.account).await;
    assert!(house.delivery(unwanted).await.is_none());
    assert_eq!(house.drain().await, 0);
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let refused = |config: EmailConfig| {
        let outcome = box_of(&scratch).with_email(
            &config,
            Arc::new(Book {
                known: AccountId::new(),
            }),
            Arc::new(words),
        );
        outcome.err().expect("refused").params["reason"].clone()
    };
    assert_eq!(
        refused(EmailConfig {
            from: "nobody".into(),
            ..config(1)
        }),
        "from"
    );
    assert_eq!(
        refused(EmailConfig {
            portal: "example.vn".into(),
            ..config(1)
        }),
        "portal"
    );
    assert_eq!(
        refused(EmailConfig {
            user: Some("a".into()),
            ..config(1)
        }),
        "user, password"
    );
    let open = EmailConfig {
        user: Some("a".into()),
        password: Some("b".into()),
        ..config(1)
    };
    assert_eq!(refused(open), "security");
}

#[tokio::test]
async fn whoever_has_no_account_is_written_to_by_the_address_that_is_kept() {
    let server = Smtp::start(Mood::Down).await;
    let house = house(server.port).await;
    // Of the one an address is kept, of the other none.
    for person in [PersonId::from(house.account.uuid()), PersonId::new()] {
        let mut op = house.scratch.ops.open(Actor::System("test")).await.expect("opens");
        let letter = Letter::new(person, "result_ready", "/").with("code", "H30-7");
        house.notify.write(&mut op, letter).await.expect("written");
        let broken = house
            .notify
            .write(&mut op, Letter::new(person, "result_ready", "//xa.example"))
            .await;
        assert_eq!(broken.expect_err("leads outside").code, "notify.bad_link");
        op.commit().await.expect("committed");
    }
    assert_eq!(house.drain().await, 2);
    assert!(server.mails().is_empty());
    server.set(Mood::Up);
    house.scratch.clock.advance(TimeDelta::minutes(1));
    assert_eq!(house.drain().await, 1, "it is sent when the server is there again");
    house.scratch.clock.advance(TimeDelta::days(1));
    assert_eq!(house.drain().await, 0, "and once");
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("chua-co-tai-khoan@example.vn"), "{}", mails[0]);
}
