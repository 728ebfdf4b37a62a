//! The review of rights and rights for emergencies, walked through on a real database.

use axum::http::StatusCode;

use crate::office::Office;
use crate::town::between;

const WHY: &str = "Cháy trụ sở phường bên, cần xem hồ sơ ngay trong đêm.";

impl Office {
    /// Lets the workers do what waits.
    async fn work(&self) {
        op::drain(&self.ops, &self.engines.jobs()).await.unwrap();
    }
}

// shows: R037
#[tokio::test]
async fn a_review_is_opened_answered_and_printed() {
    let office = Office::new().await;
    let admin = office.sign_in("quan").await;
    let page = admin.get("/can-bo/ra-soat-quyen").await;
    page.is(StatusCode::OK).shows("Chưa có đợt rà soát nào.");
    let opened = admin.send(&page, "/can-bo/ra-soat-quyen", &[]).await;
    let path = opened.location().split('?').next().unwrap().to_owned();
    admin
        .send(&page, "/can-bo/ra-soat-quyen", &[])
        .await
        .is(StatusCode::CONFLICT);
    admin.get(&path).await.shows("Đang lập danh sách");
    office.work().await;

    let head = office.sign_in("tram").await;
    head.get("/can-bo/ra-soat-quyen")
        .await
        .is(StatusCode::OK)
        .shows("Đang trả lời");
    let overview = head.get(&path).await;
    overview.is(StatusCode::OK);
    let rows = overview.text.split("<tbody").nth(1).unwrap();
    let agency = between(rows, &format!("href=\"{path}/"), "\"");
    let lines = format!("{path}/{agency}");
    let page = head.get(&lines).await;
    page.is(StatusCode::OK)
        .shows("Trần Văn Lúa")
        .shows("Quyền của bạn do người khác rà soát.");
    let of_lua = page.text.split("<h2>Trần Văn Lúa</h2>").nth(1).unwrap();
    let line = between(of_lua, "name=\"lines\" value=\"", "\"");
    let (choice, reason) = (format!("line.{line}"), format!("reason.{line}"));
    let nothing = head.send(&page, &lines, &[("lines", &line), (&reason, "để sau")]).await;
    nothing
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy chọn giữ hoặc thu hồi ở ít nhất một dòng.")
        .shows("để sau");
    let no_reason = head.send(&page, &lines, &[("lines", &line), (&choice, "take")]).await;
    no_reason
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy ghi lý do thu hồi")
        .shows(&format!("href=\"#f-reason-{line}\""));
    let lua = office.sign_in("lua").await;
    lua.get("/can-bo").await.is(StatusCode::OK);
    let fields = [
        ("lines", line.as_str()),
        (choice.as_str(), "take"),
        (reason.as_str(), "đã chuyển sang việc khác"),
    ];
    let done = head.send(&page, &lines, &fields).await;
    assert_eq!(done.location(), format!("{lines}?da=review_answered"));
    head.send(&page, &lines, &fields).await.location();
    assert_ne!(
        lua.get("/can-bo").await.status,
        StatusCode::OK,
        "his sessions have ended"
    );
    head.get(&lines).await.hides("<h2>Trần Văn Lúa</h2>");
    head.get(&format!("{lines}?hien=tat-ca"))
        .await
        .shows("đã chuyển sang việc khác");
    let csv = head.get(&format!("{path}/tai-ve")).await;
    csv.is(StatusCode::OK).shows("Thu hồi");
    let pdf = head.get(&format!("{path}/bao-cao.pdf")).await;
    assert!(pdf.text.starts_with("%PDF"));

    // An administrator gives it back.
    let found = admin.get("/can-bo/tai-khoan?q=lua").await;
    let id = between(
        found.text.split("<tbody").nth(1).unwrap(),
        "href=\"/can-bo/tai-khoan/",
        "\"",
    );
    let sheet = admin.get(&format!("/can-bo/tai-khoan/{id}")).await;
    sheet.shows("Vai trò đã thu hồi");
    let withheld = sheet.hidden("withheld");
    let why = format!("why.{withheld}");
    let done = admin
        .send(
            &sheet,
            &format!("/can-bo/tai-khoan/{id}/tra-vai-tro"),
            &[("withheld", withheld.as_str()), (why.as_str(), "làm lại việc cũ")],
        )
        .await;
    assert_eq!(
        done.location(),
        format!("/can-bo/tai-khoan/{id}?da=account_role_returned")
    );
    office
        .sign_in("man")
        .await
        .get("/can-bo/ra-soat-quyen")
        .await
        .is(StatusCode::FORBIDDEN);
}

/// The second wall follows: a case of another agency is there for as long as the right counts, and for nobody else.
// shows: R045
#[tokio::test]
async fn a_right_for_an_emergency_opens_what_it_names_and_shuts_again() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let case = format!("/can-bo/ho-so/{}", submitted.id);
    let leader = office.sign_in("xanh").await;
    leader.get(&case).await.is(StatusCode::NOT_FOUND);
    let path = "/can-bo/khan-cap";
    let page = leader.get(path).await;
    page.is(StatusCode::OK).shows("Chưa có lần nào.");
    let wrong = [
        ("role", "emergency_view"),
        ("hours", "9"),
        ("reason", "cần gấp lắm rồi"),
    ];
    leader
        .send(&page, path, &wrong)
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Chọn từ 1 đến 4 giờ.")
        .shows("cần gấp lắm rồi");
    let fields = [("role", "emergency_view"), ("hours", "2"), ("reason", WHY)];
    let taken = leader.send(&page, path, &fields).await;
    let own = taken.location().split('?').next().unwrap().to_owned();
    leader.send(&page, path, &fields).await.is(StatusCode::CONFLICT);
    leader.get(&case).await.is(StatusCode::OK);
    let clerk = office.sign_in("lua").await;
    clerk.get(&own).await.is(StatusCode::NOT_FOUND);
    let admin = office.sign_in("quan").await;
    admin.get("/hop-thu").await.shows("Có người dùng quyền khẩn cấp");
    let watched = admin.get(&own).await;
    watched
        .is(StatusCode::OK)
        .shows(WHY)
        .shows("Mở hồ sơ")
        .shows("Đang có hiệu lực");

    let page = leader.get(&own).await;
    page.shows("Khi quyền hết hiệu lực, bạn viết báo cáo ở đây.");
    let report = [("text", "Đã mở một hồ sơ để báo tin cho người nộp; không tải gì về.")];
    leader
        .send(&page, &format!("{own}/bao-cao"), &report)
        .await
        .is(StatusCode::CONFLICT);
    let ended = leader.send(&page, &format!("{own}/ket-thuc"), &[]).await;
    assert_eq!(ended.location(), format!("{own}?da=emergency_ended"));
    leader.send(&page, &format!("{own}/ket-thuc"), &[]).await.location();
    leader.get(&case).await.is(StatusCode::NOT_FOUND);
    let short = leader.send(&page, &format!("{own}/bao-cao"), &[("text", "ngắn")]).await;
    short.is(StatusCode::UNPROCESSABLE_ENTITY).shows("ngắn");
    let report = [("text", "Đã mở một hồ sơ để báo tin cho người nộp; không tải gì về.")];
    leader.send(&page, &format!("{own}/bao-cao"), &report).await.location();
    let page = admin.get(&own).await;
    let seen = page.hidden("seen");
    let nothing = admin
        .send(&page, &format!("{own}/xem-xet"), &[("note", "xem sau")])
        .await;
    nothing.is(StatusCode::UNPROCESSABLE_ENTITY).shows("xem sau");
    let done = admin
        .send(
            &page,
            &format!("{own}/xem-xet"),
            &[("verdict", "accepted"), ("note", ""), ("seen", &seen)],
        )
        .await;
    assert_eq!(done.location(), format!("{own}?da=emergency_reviewed"));
    leader.get(&own).await.shows("Đã chấp nhận");
}
