//! One's own data: asked for at the account, answered at the desk, taken away as a file.

use axum::http::{StatusCode, header};
use chrono::TimeDelta;
use serde_json::Value;

use crate::town::{PASSWORD, Town};

const OWN: &str = "/tai-khoan/du-lieu";
const NEW: &str = "/tai-khoan/du-lieu/moi";
const DESK: &str = "/can-bo/du-lieu-ca-nhan";

fn id(location: &str) -> &str {
    location.rsplit('/').next().unwrap().split('?').next().unwrap()
}

// shows: R028
#[tokio::test]
async fn a_citizen_asks_for_a_correction_and_an_officer_does_it() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    town.citizen("Trần Văn Út", "ututran").await;
    town.official("Trần Văn Lúa", "lua", &["data_protection"]).await;
    town.official("Hồ Văn Xa", "hoxa", &["clerk"]).await;
    let sen = town.sign_in("sen").await;
    sen.get("/tai-khoan").await.shows("Dữ liệu của tôi");
    sen.get(OWN).await.is(StatusCode::OK).shows("Bạn chưa gửi yêu cầu nào.");
    sen.get(NEW).await.is(StatusCode::OK).shows("Phản đối xử lý dữ liệu");
    let form = format!("{NEW}?loai=correct");
    sen.get(&form).await.shows("Lê Thị Sen").shows("Khu vực Bông Súng");
    let same = [
        ("loai", "correct"),
        ("full_name", "Lê Thị Sen"),
        ("birth_date", ""),
        ("phone", ""),
        ("email", ""),
        ("address", "Khu vực Bông Súng"),
        ("details", ""),
    ];
    let nothing = sen.post(&form, NEW, &same).await;
    nothing
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy sửa ít nhất một ô");
    let mut changed = same;
    changed[2].1 = "31/02/1990";
    changed[4].1 = "sen@example.vn";
    let wrong = sen.post(&form, NEW, &changed).await;
    wrong.is(StatusCode::UNPROCESSABLE_ENTITY).shows("sen@example.vn");
    changed[2].1 = "17/04/1992";
    let asked = sen.post(&form, NEW, &changed).await;
    let page = asked.location().to_owned();
    sen.get(&page)
        .await
        .shows("Đã nhận")
        .shows("17/04/1992")
        .shows("sen@example.vn");
    // Pressed twice: the same request.
    let again = sen.post(&form, NEW, &changed).await;
    assert_eq!(id(again.location()), id(&page));

    let other = town.sign_in("ututran").await;
    let own = format!("{OWN}/{}", id(&page));
    other.get(&own).await.is(StatusCode::NOT_FOUND);
    other.get(&format!("{own}/rut")).await.is(StatusCode::NOT_FOUND);
    let clerk = town.sign_in("hoxa").await;
    clerk.get(DESK).await.is(StatusCode::FORBIDDEN);
    clerk.get(&own).await.is(StatusCode::NOT_FOUND);

    let officer = town.sign_in("lua").await;
    officer.get("/can-bo").await.shows("Dữ liệu cá nhân");
    let at = format!("{DESK}/{}", id(&page));
    officer.get(DESK).await.shows("Lê Thị Sen").shows(&at);
    // The officer's own account shows no requests of others.
    officer.get(&own).await.is(StatusCode::NOT_FOUND);
    officer.get(&at).await.shows("Báo đã tiếp nhận").shows("sen@example.vn");
    let taken = officer.post(&at, &format!("{at}/tiep-nhan"), &[]).await;
    officer
        .get(taken.location())
        .await
        .shows("Đã báo tiếp nhận")
        .shows("Gia hạn một lần");
    let answer = format!("{at}/tra-loi");
    let missing = officer
        .post(&at, &answer, &[("outcome", "partly"), ("answer", "Sửa được một phần")])
        .await;
    missing.is(StatusCode::UNPROCESSABLE_ENTITY).shows("Sửa được một phần");
    let none = officer.post(&at, &answer, &[("answer", "x")]).await;
    none.is(StatusCode::UNPROCESSABLE_ENTITY);
    let done = officer
        .post(
            &at,
            &answer,
            &[("outcome", "granted"), ("answer", "Đã sửa theo yêu cầu.")],
        )
        .await;
    officer
        .get(done.location())
        .await
        .shows("Chấp nhận")
        .shows("17/04/1992");
    // Pressed twice.
    let twice = officer
        .post(
            &at,
            &answer,
            &[("outcome", "refused"), ("answer", "x"), ("ground", "y")],
        )
        .await;
    twice.is(StatusCode::CONFLICT);

    sen.get(&own).await.shows("Đã sửa theo yêu cầu.").shows("Công chức");
    sen.get(&format!("{NEW}?loai=correct")).await.shows("17/04/1992");
    sen.get("/hop-thu").await.shows("đã có trả lời");
    sen.get("/tai-khoan/ai-da-xem")
        .await
        .shows("Trả lời yêu cầu về dữ liệu")
        .shows("Trần Văn Lúa");
    sen.in_english().get(&own).await.shows("Granted").shows("Corrected");
}

#[tokio::test]
async fn everything_is_taken_away_as_a_file_by_whoever_shows_who_they_are() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    let sen = town.sign_in("sen").await;
    let begun = sen
        .post("/thu-tuc/2.000635/bat-dau", "/thu-tuc/2.000635/bat-dau", &[])
        .await;
    sen.post(
        begun.location(),
        begun.location(),
        &[("extract_kind", "birth_certificate")],
    )
    .await;
    let take = format!("{OWN}/trich-xuat");
    let json = sen.post(OWN, &take, &[("dang", "json")]).await;
    json.is(StatusCode::OK);
    let disposition = json.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment") && disposition.contains(".json"),
        "{disposition}"
    );
    let extract: Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!(extract["format"], "ngabay-extract/1");
    let engines: Vec<&str> = extract["engines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| told["engine"].as_str().unwrap())
        .collect();
    assert_eq!(
        engines,
        [
            "identity",
            "federation",
            "openid",
            "notify",
            "scim",
            "registry",
            "forms",
            "oversight",
            "dossiers",
            "privacy"
        ]
    );
    assert_eq!(
        extract["engines"][6]["parts"][0]["items"][0]["answers"]["extract_kind"],
        "birth_certificate"
    );
    let pdf = sen.post(OWN, &take, &[("dang", "pdf")]).await;
    pdf.is(StatusCode::OK);
    assert!(pdf.text.starts_with("%PDF-"));

    town.scratch.clock.advance(TimeDelta::minutes(40));
    let asked = sen.post(OWN, &take, &[("dang", "json")]).await;
    asked.is(StatusCode::FORBIDDEN).shows("Xác thực lại");
    let wrong = sen
        .send(&asked, &take, &[("dang", "json"), ("mat_khau.lai", "sai rồi")])
        .await;
    assert!(!wrong.text.contains("ngabay-extract"), "{}", wrong.text);
    let shown = sen
        .send(&asked, &take, &[("dang", "json"), ("mat_khau.lai", PASSWORD)])
        .await;
    assert_eq!(shown.location(), format!("{OWN}?da=data_shown_again"));
    sen.post(OWN, &take, &[("dang", "json")])
        .await
        .is(StatusCode::OK)
        .shows("ngabay-extract/1");
}

#[tokio::test]
async fn a_granted_deletion_takes_the_drafts_and_the_page_says_what_the_law_keeps() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    town.official("Trần Văn Lúa", "lua", &["data_protection"]).await;
    let sen = town.sign_in("sen").await;
    let begun = sen
        .post("/thu-tuc/2.000635/bat-dau", "/thu-tuc/2.000635/bat-dau", &[])
        .await;
    let draft = begun.location().to_owned();
    let asked = sen
        .post(
            &format!("{NEW}?loai=delete"),
            NEW,
            &[("loai", "delete"), ("details", "")],
        )
        .await;
    let at = format!("{DESK}/{}", id(asked.location()));
    let officer = town.sign_in("lua").await;
    officer.get(&at).await.shows("Hồ sơ và nhật ký được giữ theo luật");
    let fields = [("outcome", "granted"), ("answer", "Đã xóa những gì xóa được.")];
    officer
        .post(&at, &format!("{at}/tra-loi"), &fields)
        .await
        .is(StatusCode::SEE_OTHER);
    sen.get(&draft).await.is(StatusCode::NOT_FOUND);
    let own = format!("{OWN}/{}", id(asked.location()));
    sen.get(&own)
        .await
        .shows("Đã xóa: 1")
        .shows("Giữ theo luật")
        .shows("Hồ sơ đã nộp");
}

// shows: R028
#[tokio::test]
async fn an_objection_names_purposes_is_granted_in_part_and_taken_back_by_its_person() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    town.official("Trần Văn Lúa", "lua", &["data_protection"]).await;
    let sen = town.sign_in("sen").await;
    sen.get("/tai-khoan/du-lieu/dong-y")
        .await
        .shows("Phản đối: Thống kê, báo cáo")
        .hides("Phản đối: Giải quyết thủ tục hành chính");
    let form = format!("{NEW}?loai=object");
    let chosen = [
        ("loai", "object"),
        ("purposes", "statistics"),
        ("purposes", "office_lists"),
    ];
    let missing = sen.post(&form, NEW, &chosen).await;
    missing
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("value=\"statistics\" aria-describedby=\"purposes-hint\" checked");
    let fields: Vec<_> = chosen.into_iter().chain([("details", "Không muốn.")]).collect();
    let asked = sen.post(&form, NEW, &fields).await;
    let own = format!("{OWN}/{}", id(asked.location()));
    sen.get(&own).await.shows("Phản đối việc dùng dữ liệu cho");

    let officer = town.sign_in("lua").await;
    let at = format!("{DESK}/{}", id(asked.location()));
    let answer = format!("{at}/tra-loi");
    officer.get(&at).await.shows("ngừng dùng dữ liệu của người này");
    let partly = [("outcome", "partly"), ("answer", "Một phần."), ("ground", "Điều 5")];
    let none = officer.post(&at, &answer, &partly).await;
    none.is(StatusCode::UNPROCESSABLE_ENTITY).shows("purposes-error");
    let named: Vec<_> = partly.into_iter().chain([("purposes", "office_lists")]).collect();
    let done = officer.post(&at, &answer, &named).await;
    officer.get(done.location()).await.shows("Không dùng dữ liệu cho");

    let page = sen.get(&own).await;
    page.shows("Danh sách và sổ sách của cơ quan").shows("Bỏ hạn chế này");
    let lift = format!("{own}/bo");
    for _ in 0..2 {
        let lifted = sen.send(&page, &lift, &[]).await;
        assert_eq!(lifted.location(), format!("{own}?da=data_lifted"));
    }
    sen.get(&own).await.shows("Đã bỏ hạn chế").hides("Bỏ hạn chế này");
    let foreign = officer.post(OWN, &lift, &[]).await;
    foreign.is(StatusCode::NOT_FOUND);
}

// shows: R028
#[tokio::test]
async fn a_deletion_waits_until_the_officer_has_shown_once_more_who_they_are() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    town.official("Trần Văn Lúa", "lua", &["data_protection"]).await;
    let sen = town.sign_in("sen").await;
    let form = format!("{NEW}?loai=delete");
    let asked = sen.post(&form, NEW, &[("loai", "delete"), ("details", "")]).await;
    let own = format!("{OWN}/{}", id(asked.location()));
    let officer = town.sign_in("lua").await;
    let at = format!("{DESK}/{}", id(asked.location()));
    let answer = format!("{at}/tra-loi");
    town.scratch.clock.advance(TimeDelta::minutes(40));
    let fields = [("outcome", "granted"), ("answer", "Đã xóa những gì xóa được.")];
    let waits = officer.post(&at, &answer, &fields).await;
    waits.is(StatusCode::FORBIDDEN).shows("Xác thực lại");
    sen.get(&own).await.hides("Đã xóa những gì xóa được.");
    // What was typed is carried on.
    let shown: Vec<_> = fields.into_iter().chain([("mat_khau.lai", PASSWORD)]).collect();
    officer.send(&waits, &answer, &shown).await.is(StatusCode::SEE_OTHER);
    sen.get(&own).await.shows("Đã xóa những gì xóa được.");
}

#[tokio::test]
async fn the_officers_own_request_waits_for_a_colleague() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "lua", &["data_protection"]).await;
    let officer = town.sign_in("lua").await;
    let form = format!("{NEW}?loai=see");
    let asked = officer.post(&form, NEW, &[("loai", "see"), ("details", "")]).await;
    let at = format!("{DESK}/{}", id(asked.location()));
    officer
        .get(&at)
        .await
        .shows("yêu cầu của chính bạn")
        .hides("Gửi trả lời");
    let forced = officer.post(OWN, &format!("{at}/tiep-nhan"), &[]).await;
    forced.is(StatusCode::FORBIDDEN);
    // Taken back; a second press does no harm.
    let own = format!("{OWN}/{}", id(asked.location()));
    let back = officer.get(&format!("{own}/rut")).await;
    back.shows("Rút yêu cầu này");
    for _ in 0..2 {
        let done = officer.send(&back, &format!("{own}/rut"), &[]).await;
        done.is(StatusCode::SEE_OTHER);
    }
    officer.get(&own).await.shows("Đã rút");
}

// shows: R028
#[tokio::test]
async fn a_consent_is_given_and_taken_back_on_one_page() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    let sen = town.sign_in("sen").await;
    let page = format!("{OWN}/dong-y");
    sen.get(OWN).await.shows(&page);
    sen.get(&page)
        .await
        .shows("Luật cho phép, không cần đồng ý")
        .shows("/tai-khoan/ung-dung");
    let yes = [("muc_dich", "reminders"), ("phien_ban", "1"), ("tra_loi", "dong_y")];
    let given = sen.post(&page, &page, &yes).await;
    sen.get(given.location())
        .await
        .shows("Đã ghi nhận sự đồng ý")
        .shows("Đã đồng ý lúc");
    let stale = [("muc_dich", "reminders"), ("phien_ban", "7"), ("tra_loi", "dong_y")];
    sen.post(&page, &page, &stale)
        .await
        .is(StatusCode::CONFLICT)
        .shows("vừa thay đổi");
    let ended = sen
        .post(&page, &page, &[("muc_dich", "reminders"), ("tra_loi", "rut")])
        .await;
    sen.get(ended.location())
        .await
        .shows("Có hiệu lực ngay")
        .shows("Đã kết thúc");
    sen.post(&page, &page, &[("muc_dich", "khac"), ("tra_loi", "rut")])
        .await
        .is(StatusCode::NOT_FOUND);
    sen.in_english().get(&page).await.shows("Reminders and suggestions");
}

// shows: R028
#[tokio::test]
async fn a_breach_is_opened_printed_notified_and_closed() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "lua", &["data_protection"]).await;
    town.official("Hồ Văn Xa", "hoxa", &["clerk", "admin"]).await;
    let officer = town.sign_in("lua").await;
    let list = "/can-bo/su-co-du-lieu";
    officer.get(DESK).await.shows(list);
    officer.get(list).await.shows("Chưa ghi nhận sự cố nào.");
    let new = format!("{list}/moi");
    let mut fields = [
        ("day", "02/03/2026"),
        ("time", "06:00"),
        ("title", "Gửi nhầm danh sách"),
        ("what", "Gửi nhầm qua thư."),
        ("data", "Họ tên"),
        ("whose", "Người nộp hồ sơ"),
        ("affected", "mười"),
        ("measures", ""),
    ];
    let wrong = officer.post(&new, &new, &fields).await;
    wrong.is(StatusCode::UNPROCESSABLE_ENTITY).shows("Gửi nhầm qua thư.");
    fields[6].1 = "10";
    let opened = officer.post(&new, &new, &fields).await;
    let at = opened.location().split('?').next().unwrap().to_owned();
    officer.get(&at).await.shows("05/03/2026").shows("Gửi nhầm danh sách");
    let pdf = officer.get(&format!("{at}/thong-bao.pdf")).await;
    assert!(pdf.text.starts_with("%PDF-"));
    fields[7].1 = "Đã thu hồi.";
    let changed = officer.post(&format!("{at}/sua"), &format!("{at}/sua"), &fields).await;
    officer.get(changed.location()).await.shows("Đã thu hồi.");
    let people = format!("{at}/nguoi-lien-quan");
    officer
        .post(&at, &people, &[("people", "123")])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    let told = officer
        .post(&at, &people, &[("people", "999192000017\n\n999068000102")])
        .await;
    officer
        .get(told.location())
        .await
        .shows("Đã nhận 2 số định danh")
        .hides("không tìm thấy");
    town.scratch
        .clock
        .set(kernel::from_local("2026-03-05T06:30:00".parse().unwrap()));
    // The session has ended meanwhile: signed in anew.
    let officer = town.sign_in("lua").await;
    officer.get(&at).await.shows("Đã quá hạn");
    let notify = format!("{at}/thong-bao");
    let missing = officer
        .post(&at, &notify, &[("how", "Công văn số 1"), ("late_reason", "")])
        .await;
    missing.is(StatusCode::UNPROCESSABLE_ENTITY).shows("Công văn số 1");
    let done = officer
        .post(
            &at,
            &notify,
            &[("how", "Công văn số 1"), ("late_reason", "Chờ xác minh")],
        )
        .await;
    officer.get(done.location()).await.shows("Chờ xác minh");
    let closed = officer.post(&at, &format!("{at}/ket-thuc"), &[]).await;
    officer.get(closed.location()).await.shows("Đã kết thúc");
    let other = town.sign_in("hoxa").await;
    other.get(&at).await.is(StatusCode::FORBIDDEN);
}
