//! E-mail with the addresses of real accounts.

use std::sync::{Arc, Mutex};

use identity::{NewMerge, NewPerson};
use kernel::{AccountId, Actor, Id, Official};
use notify::{EmailConfig, Message, Security};
use op::Jobs;
use render::Renderer;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::house::{house, house_with};

/// Takes one mail and gives everything that was said.
async fn take_mail(stream: TcpStream) -> std::io::Result<String> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut said, mut in_mail) = (String::new(), false);
    write.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        said.push_str(&line);
        said.push('\n');
        let answer: &[u8] = match line.get(..4).unwrap_or(&line) {
            "." => {
                in_mail = false;
                b"250 taken\r\n"
            }
            _ if in_mail => continue,
            "EHLO" => b"250-test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "DATA" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(said);
            }
            _ => b"250 fine\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(said)
}

fn official() -> Actor {
    Actor::Official(Official {
        account: Id::new(),
        person: Id::new(),
        name: "Trần Văn Lúa".into(),
        position: Id::new(),
        position_title: "Công chức".into(),
        agency: Id::new(),
        agency_code: "H30.32".into(),
        agency_name: "UBND".into(),
        unit: None,
        roles: vec!["clerk".into()],
        below: Vec::new(),
        stands_for: None,
    })
}

/// A mail server that takes everything, and what it has taken.
async fn server() -> (EmailConfig, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let config = EmailConfig {
        host: "127.0.0.1".into(),
        port: Some(listener.local_addr().unwrap().port()),
        security: Security::None,
        user: None,
        password: None,
        from: "cong@example.vn".into(),
        portal: "https://example.vn".into(),
    };
    let mails: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = mails.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mail) = take_mail(stream).await {
                kept.lock().unwrap().push(mail);
            }
        }
    });
    (config, mails)
}

/// An official may not read a citizen's address; the platform that writes in their stead may.
#[tokio::test]
async fn what_an_official_does_is_mailed_to_those_who_gave_an_address() {
    let house = house().await;
    let (config, mails) = server().await;
    let renderer = Arc::new(Renderer::builder().build().unwrap());
    let notify = compose::post::notify(Some(&config), &house.player.engines.identity, &renderer).unwrap();
    let identity = &house.player.engines.identity;
    let mut op = house.scratch.ops.open(Actor::System("test")).await.unwrap();
    let mut accounts = Vec::new();
    for login in ["congdan", "tuphap.ngabay"] {
        let account = identity.account_by_login(&mut op, login).await.unwrap().unwrap();
        accounts.push((
            account.id.uuid(),
            identity.contact(&mut op, account.id).await.unwrap().email,
        ));
    }
    drop(op);
    let [(citizen, Some(address)), (colleague, None)] = accounts.as_slice() else {
        panic!("{accounts:?}");
    };
    let mut op = house.scratch.ops.open(official()).await.unwrap();
    for account in [citizen, colleague] {
        let message = Message::new(AccountId::from_uuid(*account), "result_ready", "/ho-so/7").with("code", "H30-7");
        notify.send(&mut op, message).await.unwrap();
    }
    op.commit().await.unwrap();
    let mut jobs = Jobs::new();
    notify::register(&mut jobs, &notify);
    assert_eq!(op::drain(&house.scratch.ops, &jobs).await.unwrap(), 2);
    let states: Vec<String> = sqlx::query_scalar("SELECT state FROM notify.delivery")
        .fetch_all(&house.scratch.pool)
        .await
        .unwrap();
    assert_eq!(states, ["sent"], "who gave no address has the box");
    let mails = mails.lock().unwrap();
    assert!(
        mails[0].contains(address.as_str()) && mails[0].contains("H30-7"),
        "{}",
        mails[0]
    );
}

// shows: R030
#[tokio::test]
async fn whoever_is_to_remain_without_an_account_is_written_to_by_the_address_that_is_kept() {
    let (config, mails) = server().await;
    let house = house_with(Some(&config)).await;
    let identity = &house.player.engines.identity;
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let new = NewPerson {
        personal_number: Some("999192000028".parse().unwrap()),
        email: Some("chua.co.tai.khoan@example.vn".into()),
        synthetic: true,
        ..NewPerson::named("Lê Thị Thu Ngân")
    };
    identity.register_person(&mut op, &new).await.unwrap();
    let [account, admin] = [
        identity.account_by_login(&mut op, "congdan").await.unwrap().unwrap(),
        identity
            .account_by_login(&mut op, "quantri.tinh")
            .await
            .unwrap()
            .unwrap(),
    ];
    op.commit().await.unwrap();
    let admin = house.player.actor(admin.id).await.unwrap();
    let written = async || {
        op::drain(&house.player.ops, &house.jobs).await.unwrap();
        let mails = mails.lock().unwrap();
        let to = |mail: &&String| mail.contains("RCPT TO:<chua.co.tai.khoan@example.vn>");
        mails.iter().filter(to).count()
    };
    let new = NewMerge {
        number: "999192000028".into(),
        paper: "Quyết định xác lập lại số định danh 7/QĐ".into(),
        differs: true,
        why: "một bên thiếu ngày sinh".into(),
    };
    let op = house.player.ops.open(admin.clone()).await.unwrap();
    let id = identity.propose_merge(op, account.id, &new).await.unwrap();
    assert_eq!(written().await, 1);
    let mut op = house.player.ops.open(admin.clone()).await.unwrap();
    identity.refuse_merge(&mut op, id, "giấy chưa đủ").await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(written().await, 2, "and when it is over");
    // When it is done the account is theirs, and is told of that for them; nobody says that it was stopped.
    let op = house.player.ops.open(admin).await.unwrap();
    let id = identity.propose_merge(op, account.id, &new).await.unwrap();
    assert_eq!(written().await, 3);
    house.scratch.clock.advance(chrono::Duration::days(3));
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let officer = identity
        .account_by_login(&mut op, "dulieu.tinh")
        .await
        .unwrap()
        .unwrap();
    drop(op);
    let officer = house.player.actor(officer.id).await.unwrap();
    let mut op = house.player.ops.open(officer).await.unwrap();
    identity.confirm_merge(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    let apart: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM op.event WHERE kind LIKE 'identity.merge%apart' ORDER BY id")
            .fetch_all(&house.scratch.pool)
            .await
            .unwrap();
    let proposed = "identity.merge_proposed_apart";
    assert_eq!(apart, [proposed, "identity.merge_ended_apart", proposed]);
    assert_eq!(written().await, 4, "the message to the account that is theirs now");
}
