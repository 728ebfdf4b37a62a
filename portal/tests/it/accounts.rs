//! Looking after the accounts of others, walked through on a real database.

use axum::http::StatusCode;

use crate::office::Office;
use crate::town::{PASSWORD, Reply, between};

const NEW: &str = "một câu khác hẳn, dễ nhớ";

/// The rows, without the buttons above them.
fn in_table(page: &Reply) -> &str {
    page.text.split("<tbody").nth(1).unwrap()
}

// shows: R036, R037
#[tokio::test]
async fn an_administrator_finds_suspends_and_starts_accounts() {
    let office = Office::new().await;
    let admin = office.sign_in("quan").await;
    let list = admin.get("/can-bo/tai-khoan").await;
    list.is(StatusCode::OK)
        .shows("Trần Văn Lúa")
        .shows("Đỗ Văn Quản")
        .hides("Nguyễn Thị Lan");
    let found = admin.get("/can-bo/tai-khoan?q=nguyen+thi+lan").await;
    found.is(StatusCode::OK).shows("Nguyễn Thị Lan");
    admin
        .get("/can-bo/tai-khoan?q=a")
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("value=\"a\"");
    admin
        .get("/can-bo/tai-khoan?q=khongcoai")
        .await
        .shows("Không có tài khoản nào phù hợp.");
    admin
        .get("/can-bo/tai-khoan?hien=dac-quyen")
        .await
        .shows("Đỗ Văn Quản")
        .hides("Trần Văn Lúa");
    let found = admin.get("/can-bo/tai-khoan?q=lua").await;
    let id = between(in_table(&found), "href=\"/can-bo/tai-khoan/", "\"");
    let path = format!("/can-bo/tai-khoan/{id}");
    let page = admin.get(&path).await;
    page.is(StatusCode::OK)
        .shows("Tài khoản của Trần Văn Lúa")
        .shows("Chưa có việc nào.");

    let nothing = admin.send(&page, &path, &[("reason", "đã xem giấy tờ")]).await;
    nothing
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy chọn việc cần làm.")
        .shows("đã xem giấy tờ");
    let no_reason = admin.send(&page, &path, &[("act", "suspend"), ("reason", "")]).await;
    no_reason.is(StatusCode::UNPROCESSABLE_ENTITY).shows("Hãy điền ô này.");
    let fields = [("act", "suspend"), ("reason", "nghỉ không phép")];
    let done = admin.send(&page, &path, &fields).await;
    assert_eq!(done.location(), format!("{path}?da=account_suspended"));
    // Pressed twice: it stays as it is.
    admin.send(&page, &path, &fields).await.location();
    admin
        .get(&path)
        .await
        .shows("Tạm khóa")
        .shows("nghỉ không phép")
        .shows("Mở lại tài khoản")
        .hides("Cấp mã đặt mật khẩu (tài khoản mới");
    let fields = [("act", "resume"), ("reason", "đã trở lại làm việc")];
    admin.send(&page, &path, &fields).await.location();

    let fields = [("act", "give_entry_code"), ("reason", "mất mật khẩu, đã xem thẻ")];
    let given = admin.send(&page, &path, &fields).await;
    given.is(StatusCode::OK).shows("Mã chỉ hiện một lần này.");
    let code = between(&given.text, "Mã đặt mật khẩu</dt><dd>", "<");
    admin.get(&path).await.hides(&code).shows("Mã đặt mật khẩu đang chờ");

    let owner = office.stranger().await;
    let start = "/dang-nhap/bat-dau";
    let page = owner.get(start).await;
    let wrong = [
        ("ten", "lua"),
        ("mat_khau.ma", "0000-0000-0000-0000-0000"),
        ("mat_khau_moi", NEW),
        ("mat_khau_lai", NEW),
    ];
    let told = owner.send(&page, start, &wrong).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Tên đăng nhập hoặc mã không đúng")
        .shows("value=\"lua\"")
        .hides("0000-0000");
    let unlike = [
        ("ten", "lua"),
        ("mat_khau.ma", &code),
        ("mat_khau_moi", NEW),
        ("mat_khau_lai", PASSWORD),
    ];
    owner
        .send(&page, start, &unlike)
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    let right = [
        ("ten", "lua"),
        ("mat_khau.ma", &code),
        ("mat_khau_moi", NEW),
        ("mat_khau_lai", NEW),
    ];
    let done = owner.send(&page, start, &right).await;
    assert_eq!(done.location(), "/dang-nhap?lai=1&da=account_started");
}

// shows: R045
#[tokio::test]
async fn ones_own_account_has_nothing_to_press_and_strangers_find_no_page() {
    let office = Office::new().await;
    let admin = office.sign_in("quan").await;
    let found = admin.get("/can-bo/tai-khoan?q=quan").await;
    let id = between(in_table(&found), "href=\"/can-bo/tai-khoan/", "\"");
    let path = format!("/can-bo/tai-khoan/{id}");
    let page = admin.get(&path).await;
    page.shows("Đây là tài khoản của bạn.").hides("name=\"act\"");
    let fields = [("act", "suspend"), ("reason", "thử xem sao")];
    admin.send(&page, &path, &fields).await.is(StatusCode::FORBIDDEN);
    let clerk = office.sign_in("lua").await;
    clerk.get("/can-bo/tai-khoan").await.is(StatusCode::FORBIDDEN);
    clerk.get(&path).await.is(StatusCode::FORBIDDEN);
    // Whose account was opened sees it.
    admin.in_english().get(&path).await.shows("This is your own account.");
}
