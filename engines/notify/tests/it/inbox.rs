//! The box: sending, paging, marking, who may look.

use chrono::TimeDelta;
use db::PageRequest;
use kernel::{AccountId, Actor, Citizen, MessageId, PersonId};
use notify::{Message, Notify, Which};
use testkit::Scratch;

use crate::box_of;

pub fn citizen(account: AccountId) -> Actor {
    Actor::Citizen(Citizen {
        account,
        person: PersonId::new(),
        name: "Nguyễn Thị Mẫu".into(),
        acts_for: None,
    })
}

async fn send(scratch: &Scratch, notify: &Notify, message: Message) -> Option<MessageId> {
    let mut op = scratch.ops.open(Actor::System("test")).await.expect("opens");
    let id = notify.send(&mut op, message).await.expect("sent");
    op.commit().await.expect("committed");
    id
}

#[tokio::test]
async fn a_message_is_in_the_box_until_it_is_read_and_after() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, account) = (box_of(&scratch), AccountId::new());
    let message = Message::new(account, "dossier_received", "/ho-so/1")
        .with("code", "H30.29.01-261123-0001")
        .with("due", "24/11");
    let id = send(&scratch, &notify, message).await.expect("new");
    let mut op = scratch.ops.open(citizen(account)).await.expect("opens");
    assert_eq!(notify.unread(op.conn(), account).await.expect("counted"), 1);
    let page = notify
        .box_page(&mut op, account, PageRequest::first())
        .await
        .expect("box");
    assert_eq!(page.items.len(), 1);
    assert_eq!((page.items[0].id, page.items[0].params["due"].as_str()), (id, "24/11"));
    assert!(page.items[0].is_unread());

    assert_eq!(
        notify
            .mark_read(&mut op, account, Which::One(id))
            .await
            .expect("marked"),
        1
    );
    assert_eq!(
        notify.mark_read(&mut op, account, Which::One(id)).await.expect("again"),
        0
    );
    let page = notify
        .box_page(&mut op, account, PageRequest::first())
        .await
        .expect("box");
    assert_eq!(page.items[0].read_at, Some(scratch.ops.now()));
    assert_eq!(notify.unread(op.conn(), account).await.expect("counted"), 0);
    assert!(
        notify.delivery(&mut op, id).await.expect("looked up").is_none(),
        "no mail server, no delivery"
    );
}

#[tokio::test]
async fn a_key_is_used_once_for_an_account() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, one, other) = (box_of(&scratch), AccountId::new(), AccountId::new());
    let message = |to| Message::new(to, "dossier_late", "/").once("late:1");
    assert!(send(&scratch, &notify, message(one)).await.is_some());
    assert!(send(&scratch, &notify, message(one)).await.is_none());
    assert!(send(&scratch, &notify, message(other)).await.is_some());
    let plain = || Message::new(one, "dossier_late", "/");
    assert!(send(&scratch, &notify, plain()).await.is_some());
    assert!(send(&scratch, &notify, plain()).await.is_some());
    let mut op = scratch.ops.open(citizen(one)).await.expect("opens");
    assert_eq!(notify.unread(op.conn(), one).await.expect("counted"), 3);
    assert_eq!(notify.mark_read(&mut op, one, Which::All).await.expect("marked"), 3);
    assert_eq!(
        notify.unread(op.conn(), other).await.expect("counted"),
        0,
        "another's box is not in sight"
    );
    drop(op);
    let mut op = scratch.ops.open(citizen(other)).await.expect("opens");
    assert_eq!(notify.unread(op.conn(), other).await.expect("counted"), 1);
}

#[tokio::test]
async fn the_box_is_paged_newest_first() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, account) = (box_of(&scratch), AccountId::new());
    for n in 0..5 {
        send(
            &scratch,
            &notify,
            Message::new(account, "task_waiting", format!("/{n}")),
        )
        .await;
        // Two at the same moment: the identifier decides.
        if n % 2 == 1 {
            scratch.clock.advance(TimeDelta::minutes(1));
        }
    }
    let mut op = scratch.ops.open(citizen(account)).await.expect("opens");
    let (mut links, mut after) = (Vec::new(), None);
    loop {
        let page = notify
            .box_page(&mut op, account, PageRequest::new(after, Some(2)))
            .await
            .expect("page");
        links.extend(page.items.into_iter().map(|view| view.link));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(links, ["/4", "/3", "/2", "/1", "/0"]);
    let bad = notify
        .box_page(&mut op, account, PageRequest::new(Some("zz".into()), None))
        .await
        .unwrap_err();
    assert_eq!(bad.code, "db.bad_cursor");
}

#[tokio::test]
async fn nobody_else_sees_the_box_or_its_preferences() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, account, stranger) = (box_of(&scratch), AccountId::new(), AccountId::new());
    let id = send(&scratch, &notify, Message::new(account, "result_ready", "/"))
        .await
        .expect("new");
    let mut op = scratch.ops.open(citizen(stranger)).await.expect("opens");
    let first = PageRequest::first;
    assert_eq!(
        notify.box_page(&mut op, account, first()).await.unwrap_err().code,
        "notify.not_found"
    );
    assert_eq!(
        notify.mark_read(&mut op, account, Which::All).await.unwrap_err().code,
        "notify.not_found"
    );
    assert_eq!(
        notify
            .mark_read(&mut op, stranger, Which::One(id))
            .await
            .unwrap_err()
            .code,
        "notify.not_found"
    );
    assert_eq!(
        notify.set_email(&mut op, account, false).await.unwrap_err().code,
        "notify.not_found"
    );
    drop(op);
    let mut op = scratch.ops.open(citizen(account)).await.expect("opens");
    assert_eq!(notify.unread(op.conn(), account).await.expect("counted"), 1);
    assert!(notify.email_wanted(&mut op, account).await.expect("read"));
    notify.set_email(&mut op, account, false).await.expect("set");
    assert!(!notify.email_wanted(&mut op, account).await.expect("read"));
}

#[tokio::test]
async fn an_undone_operation_sends_nothing() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, account) = (box_of(&scratch), AccountId::new());
    let mut op = scratch.ops.open(Actor::System("test")).await.expect("opens");
    notify
        .send(&mut op, Message::new(account, "result_ready", "/"))
        .await
        .expect("sent");
    drop(op);
    let mut op = scratch.ops.open(citizen(account)).await.expect("opens");
    assert_eq!(notify.unread(op.conn(), account).await.expect("counted"), 0);
    let outside = notify
        .send(&mut op, Message::new(account, "result_ready", "https://elsewhere"))
        .await
        .unwrap_err();
    assert_eq!(outside.code, "notify.bad_link");
}
