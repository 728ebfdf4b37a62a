//! Whatever a page does or shows, a program can do and read by the JSON API.
//!
//! The table below is reviewed: a page without an entry fails, and so does an entry that names no operation.

use std::collections::BTreeSet;

/// Pages, and the operations that do the same. None where there is nothing to do or to read beside the page itself; the reason
/// stands beside it.
const PAGES: &[(&str, &[&str])] = &[
    // Words and pictures only.
    ("GET /tro-giup", &[]),
    ("GET /kha-nang-tiep-can", &[]),
    ("GET /quyen-rieng-tu", &[]),
    ("GET /ngoai-tuyen", &[]),
    ("GET /niem-phong-nhat-ky", &["GET /api/v1/audit/heads"]),
    // The language of the API comes with each request.
    ("GET /ngon-ngu/{locale}", &[]),
    ("GET /", &["GET /api/v1/procedure-fields", "GET /api/v1/procedures"]),
    (
        "GET /thu-tuc",
        &["GET /api/v1/procedures", "GET /api/v1/procedure-fields"],
    ),
    (
        "GET /thu-tuc/{code}",
        &["GET /api/v1/procedures/{code}", "GET /api/v1/drafts"],
    ),
    // Signing in and out.
    ("GET /dang-nhap", &[]),
    ("POST /dang-nhap", &["POST /api/v1/sessions", "GET /api/v1/me"]),
    (
        "POST /dang-nhap/khoa",
        &["POST /api/v1/sign-in/passkey", "POST /api/v1/sign-in/passkey-question"],
    ),
    // To another provider and back: in a browser only, as the norm of the providers has it.
    (
        "POST /dang-nhap/lien-thong/{provider}",
        &["GET /api/v1/sign-in/providers"],
    ),
    ("GET /dang-nhap/lien-thong/{provider}/ve", &[]),
    ("GET /tai-khoan/lien-ket", &["GET /api/v1/me/providers"]),
    ("POST /tai-khoan/lien-ket", &["GET /api/v1/sign-in/providers"]),
    (
        "POST /tai-khoan/lien-ket/go",
        &["DELETE /api/v1/me/providers/{provider}"],
    ),
    ("POST /dang-xuat", &["DELETE /api/v1/sessions/current"]),
    // Positions, standing in, rights.
    (
        "GET /tai-khoan/vi-tri",
        &["GET /api/v1/me/positions", "GET /api/v1/me/substitutions"],
    ),
    ("POST /tai-khoan/vi-tri", &["PUT /api/v1/me/position"]),
    ("POST /tai-khoan/vi-tri/uy-quyen", &["POST /api/v1/me/substitutions"]),
    (
        "POST /tai-khoan/vi-tri/ket-thuc",
        &["DELETE /api/v1/me/substitutions/{id}"],
    ),
    ("GET /can-bo/quyen", &["GET /api/v1/rights/{login}"]),
    // Looking after the accounts of others.
    ("GET /can-bo/tai-khoan", &["GET /api/v1/accounts"]),
    ("GET /can-bo/tai-khoan/{id}", &["GET /api/v1/accounts/{id}"]),
    (
        "POST /can-bo/tai-khoan/{id}",
        &[
            "POST /api/v1/accounts/{id}/suspension",
            "DELETE /api/v1/accounts/{id}/suspension",
            "DELETE /api/v1/accounts/{id}/sessions",
            "POST /api/v1/accounts/{id}/entry-code",
            "DELETE /api/v1/accounts/{id}/entry-code",
            "DELETE /api/v1/accounts/{id}/second-factor",
        ],
    ),
    // Two accounts of one person become one.
    (
        "GET /can-bo/tai-khoan/{id}/gop",
        &["GET /api/v1/accounts/{id}", "POST /api/v1/accounts/{id}/merge-preview"],
    ),
    (
        "POST /can-bo/tai-khoan/{id}/gop",
        &[
            "POST /api/v1/accounts/{id}/merge-preview",
            "POST /api/v1/accounts/{id}/merge",
        ],
    ),
    ("GET /tai-khoan/gop", &["GET /api/v1/me/merge"]),
    ("POST /tai-khoan/gop", &["POST /api/v1/me/merge/objection"]),
    ("GET /can-bo/gop-tai-khoan", &["GET /api/v1/account-merges"]),
    ("GET /can-bo/gop-tai-khoan/{id}", &["GET /api/v1/account-merges/{id}"]),
    (
        "POST /can-bo/gop-tai-khoan/{id}/xac-nhan",
        &["POST /api/v1/account-merges/{id}/confirmation"],
    ),
    (
        "POST /can-bo/gop-tai-khoan/{id}/dung",
        &["POST /api/v1/account-merges/{id}/refusal"],
    ),
    ("GET /can-bo/tai-khoan/tai-ve", &["GET /api/v1/accounts"]),
    (
        "POST /can-bo/tai-khoan/tai-ve",
        &["GET /api/v1/accounts", "POST /api/v1/me/step-up"],
    ),
    // The review of rights.
    ("GET /can-bo/ra-soat-quyen", &["GET /api/v1/reviews"]),
    ("POST /can-bo/ra-soat-quyen", &["POST /api/v1/reviews"]),
    ("GET /can-bo/ra-soat-quyen/{id}", &["GET /api/v1/reviews/{id}"]),
    (
        "GET /can-bo/ra-soat-quyen/{id}/tai-ve",
        &["GET /api/v1/reviews/{id}/report.csv"],
    ),
    (
        "POST /can-bo/ra-soat-quyen/{id}/tai-ve",
        &["GET /api/v1/reviews/{id}/report.csv", "POST /api/v1/me/step-up"],
    ),
    (
        "GET /can-bo/ra-soat-quyen/{id}/bao-cao.pdf",
        &["GET /api/v1/reviews/{id}/report.pdf"],
    ),
    (
        "GET /can-bo/ra-soat-quyen/{id}/{agency}",
        &["GET /api/v1/reviews/{id}/agencies/{agency}"],
    ),
    (
        "POST /can-bo/ra-soat-quyen/{id}/{agency}",
        &["PUT /api/v1/reviews/{id}/answers"],
    ),
    // Rights for emergencies.
    (
        "GET /can-bo/khan-cap",
        &["GET /api/v1/emergencies", "GET /api/v1/emergency-roles"],
    ),
    ("POST /can-bo/khan-cap", &["POST /api/v1/emergencies"]),
    ("GET /can-bo/khan-cap/{id}", &["GET /api/v1/emergencies/{id}"]),
    (
        "POST /can-bo/khan-cap/{id}/ket-thuc",
        &["DELETE /api/v1/emergencies/{id}"],
    ),
    (
        "POST /can-bo/khan-cap/{id}/bao-cao",
        &["PUT /api/v1/emergencies/{id}/report"],
    ),
    (
        "POST /can-bo/khan-cap/{id}/xem-xet",
        &["POST /api/v1/emergencies/{id}/review"],
    ),
    (
        "POST /can-bo/tai-khoan/{id}/tra-vai-tro",
        &["DELETE /api/v1/withheld-roles/{id}"],
    ),
    ("GET /dang-nhap/bat-dau", &["POST /api/v1/account-start"]),
    ("POST /dang-nhap/bat-dau", &["POST /api/v1/account-start"]),
    // Registering oneself, and the authority that approves.
    ("GET /dang-ky", &["GET /api/v1/agencies"]),
    ("POST /dang-ky", &["POST /api/v1/registrations"]),
    ("GET /dang-ky/{receipt}", &["GET /api/v1/registrations/{receipt}"]),
    ("GET /can-bo/dang-ky", &["GET /api/v1/registration-desk"]),
    ("POST /can-bo/dang-ky/tim", &["POST /api/v1/registration-desk/search"]),
    ("GET /can-bo/dang-ky/{id}", &["GET /api/v1/registration-desk/{id}"]),
    (
        "POST /can-bo/dang-ky/{id}/duyet",
        &["POST /api/v1/registration-desk/{id}/approval"],
    ),
    (
        "POST /can-bo/dang-ky/{id}/tu-choi",
        &["POST /api/v1/registration-desk/{id}/refusal"],
    ),
    // Codes from the counter.
    ("GET /can-bo/ma-tai-quay", &["POST /api/v1/counter-codes"]),
    (
        "POST /can-bo/ma-tai-quay",
        &["POST /api/v1/counter-codes", "POST /api/v1/me/step-up"],
    ),
    ("GET /dang-nhap/ma-tai-quay", &["POST /api/v1/sign-in/counter-code"]),
    ("POST /dang-nhap/ma-tai-quay", &["POST /api/v1/sign-in/counter-code"]),
    // Acting for somebody else.
    ("GET /tai-khoan/lam-thay", &["GET /api/v1/me/representations"]),
    ("POST /tai-khoan/lam-thay", &["PUT /api/v1/me/acting"]),
    (
        "POST /tai-khoan/lam-thay/tra-loi",
        &["PUT /api/v1/me/standings/{id}/voice"],
    ),
    (
        "POST /tai-khoan/lam-thay/ket-thuc",
        &["DELETE /api/v1/me/representations/{id}"],
    ),
    ("GET /tai-khoan/lam-thay/uy-quyen", &["GET /api/v1/procedures"]),
    (
        "POST /tai-khoan/lam-thay/uy-quyen",
        &["POST /api/v1/me/representations", "POST /api/v1/me/step-up"],
    ),
    ("GET /tai-khoan/lam-thay/de-nghi", &["GET /api/v1/agencies"]),
    ("POST /tai-khoan/lam-thay/de-nghi", &["POST /api/v1/me/standings"]),
    ("GET /hop-thu", &["GET /api/v1/messages"]),
    ("POST /hop-thu/da-doc", &["POST /api/v1/messages/read"]),
    // Drafts of citizens.
    (
        "GET /thu-tuc/{code}/bat-dau",
        &["GET /api/v1/procedures/{code}", "GET /api/v1/drafts"],
    ),
    ("POST /thu-tuc/{code}/bat-dau", &["POST /api/v1/drafts"]),
    ("GET /ho-so-nhap/{draft}", &["GET /api/v1/drafts/{id}"]),
    (
        "GET /ho-so-nhap/{draft}/{page}",
        &["GET /api/v1/drafts/{id}/pages/{page}", "GET /api/v1/areas"],
    ),
    (
        "POST /ho-so-nhap/{draft}/{page}",
        &["PUT /api/v1/drafts/{id}/pages/{page}"],
    ),
    (
        "GET /ho-so-nhap/{draft}/giay-to/{paper}",
        &["GET /api/v1/drafts/{id}/preview"],
    ),
    (
        "POST /ho-so-nhap/{draft}/giay-to/{paper}",
        &["POST /api/v1/drafts/{id}/papers/{paper}"],
    ),
    (
        "POST /ho-so-nhap/{draft}/giay-to/{paper}/xoa",
        &["DELETE /api/v1/drafts/{id}/papers/{paper}/{file}"],
    ),
    (
        "GET /ho-so-nhap/{draft}/tep/{file}",
        &["GET /api/v1/drafts/{id}/files/{file}"],
    ),
    ("GET /ho-so-nhap/{draft}/kiem-tra", &["GET /api/v1/drafts/{id}/preview"]),
    ("GET /ho-so-nhap/{draft}/nop", &["GET /api/v1/drafts/{id}"]),
    (
        "POST /ho-so-nhap/{draft}/nop",
        &["POST /api/v1/drafts/{id}/submission", "POST /api/v1/dossiers"],
    ),
    ("GET /ho-so-nhap/{draft}/huy", &["GET /api/v1/drafts/{id}"]),
    ("POST /ho-so-nhap/{draft}/huy", &["DELETE /api/v1/drafts/{id}"]),
    // Own dossiers.
    ("GET /ho-so-cua-toi", &["GET /api/v1/dossiers", "GET /api/v1/drafts"]),
    ("GET /ho-so-cua-toi/{id}", &["GET /api/v1/dossiers/{id}"]),
    ("GET /ho-so-cua-toi/{id}/bien-nhan", &["GET /api/v1/dossiers/{id}"]),
    ("GET /ho-so-cua-toi/{id}/rut", &["GET /api/v1/dossiers/{id}"]),
    (
        "POST /ho-so-cua-toi/{id}/rut",
        &["POST /api/v1/dossiers/{id}/withdrawal"],
    ),
    (
        "POST /ho-so-cua-toi/{id}/danh-gia",
        &["POST /api/v1/dossiers/{id}/rating"],
    ),
    (
        "POST /ho-so-cua-toi/{id}/ban-khai",
        &["POST /api/v1/dossiers/{id}/documents/answers"],
    ),
    (
        "GET /ho-so-cua-toi/{id}/giay-to/{file}",
        &["GET /api/v1/dossiers/{id}/papers/{file}"],
    ),
    (
        "GET /ho-so-cua-toi/{id}/van-ban/{document}",
        &["GET /api/v1/dossiers/{id}/documents/{document}"],
    ),
    (
        "GET /ho-so-cua-toi/{id}/bo-sung",
        &["GET /api/v1/dossiers/{id}/supplement"],
    ),
    (
        "POST /ho-so-cua-toi/{id}/bo-sung",
        &[
            "PUT /api/v1/dossiers/{id}/supplement",
            "POST /api/v1/dossiers/{id}/supplement",
        ],
    ),
    (
        "GET /ho-so-cua-toi/{id}/bo-sung/giay-to/{paper}",
        &["GET /api/v1/dossiers/{id}/supplement"],
    ),
    (
        "POST /ho-so-cua-toi/{id}/bo-sung/giay-to/{paper}",
        &["POST /api/v1/dossiers/{id}/supplement/papers/{paper}"],
    ),
    (
        "POST /ho-so-cua-toi/{id}/bo-sung/giay-to/{paper}/xoa",
        &["DELETE /api/v1/dossiers/{id}/supplement/papers/{paper}/{file}"],
    ),
    // One's own data.
    ("GET /tai-khoan/du-lieu", &["GET /api/v1/data-requests"]),
    ("GET /tai-khoan/du-lieu/moi", &["GET /api/v1/data-requests"]),
    ("POST /tai-khoan/du-lieu/moi", &["POST /api/v1/data-requests"]),
    (
        "POST /tai-khoan/du-lieu/trich-xuat",
        &["GET /api/v1/my-data", "POST /api/v1/me/step-up"],
    ),
    ("GET /tai-khoan/du-lieu/dong-y", &["GET /api/v1/consents"]),
    (
        "POST /tai-khoan/du-lieu/dong-y",
        &["PUT /api/v1/consents/{purpose}", "DELETE /api/v1/consents/{purpose}"],
    ),
    ("GET /tai-khoan/du-lieu/{id}", &["GET /api/v1/data-requests/{id}"]),
    (
        "POST /tai-khoan/du-lieu/{id}/bo",
        &["POST /api/v1/data-requests/{id}/lifting"],
    ),
    ("GET /tai-khoan/du-lieu/{id}/rut", &["GET /api/v1/data-requests/{id}"]),
    (
        "POST /tai-khoan/du-lieu/{id}/rut",
        &["POST /api/v1/data-requests/{id}/withdrawal"],
    ),
    ("GET /can-bo/du-lieu-ca-nhan", &["GET /api/v1/data-request-desk"]),
    ("GET /can-bo/du-lieu-ca-nhan/{id}", &["GET /api/v1/data-requests/{id}"]),
    (
        "POST /can-bo/du-lieu-ca-nhan/{id}/tiep-nhan",
        &["POST /api/v1/data-requests/{id}/acknowledgement"],
    ),
    (
        "POST /can-bo/du-lieu-ca-nhan/{id}/gia-han",
        &["POST /api/v1/data-requests/{id}/extension"],
    ),
    (
        "POST /can-bo/du-lieu-ca-nhan/{id}/tra-loi",
        &["POST /api/v1/data-requests/{id}/answer"],
    ),
    (
        "POST /can-bo/du-lieu-ca-nhan/{id}/trich-xuat",
        &["GET /api/v1/data-requests/{id}/extract", "POST /api/v1/me/step-up"],
    ),
    // The quality of registers, duplicates, merging.
    ("GET /can-bo/chat-luong-du-lieu", &["GET /api/v1/register-quality"]),
    (
        "GET /can-bo/co-so-du-lieu/{register}/chat-luong",
        &["GET /api/v1/registers/{register}/quality"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/chat-luong",
        &["POST /api/v1/registers/{register}/quality/measurement"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/chua-dat",
        &["GET /api/v1/registers/{register}/failing"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/trung-lap",
        &["GET /api/v1/registers/{register}/duplicates"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}",
        &["GET /api/v1/registers/{register}/duplicates/{one}/{other}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/mo",
        &["GET /api/v1/registers/{register}/duplicates/{one}/{other}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/gop",
        &["POST /api/v1/registers/{register}/merges"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/khac-nhau",
        &["PUT /api/v1/registers/{register}/duplicates/{one}/{other}/difference"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/xet-lai",
        &["DELETE /api/v1/registers/{register}/duplicates/{one}/{other}/difference"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/da-gop",
        &["GET /api/v1/registers/{register}/merges"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/da-gop/{record}",
        &["GET /api/v1/registers/{register}/merges/{id}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/da-gop/{record}/hoan-lai",
        &["POST /api/v1/registers/{register}/merges/{id}/undo"],
    ),
    // Breaches of the protection of personal data.
    ("GET /can-bo/su-co-du-lieu", &["GET /api/v1/data-incidents"]),
    ("GET /can-bo/su-co-du-lieu/moi", &["POST /api/v1/data-incidents"]),
    ("POST /can-bo/su-co-du-lieu/moi", &["POST /api/v1/data-incidents"]),
    ("GET /can-bo/su-co-du-lieu/{id}", &["GET /api/v1/data-incidents/{id}"]),
    (
        "GET /can-bo/su-co-du-lieu/{id}/thong-bao.pdf",
        &["GET /api/v1/data-incidents/{id}"],
    ),
    (
        "GET /can-bo/su-co-du-lieu/{id}/sua",
        &["GET /api/v1/data-incidents/{id}"],
    ),
    (
        "POST /can-bo/su-co-du-lieu/{id}/sua",
        &["PUT /api/v1/data-incidents/{id}"],
    ),
    (
        "POST /can-bo/su-co-du-lieu/{id}/thong-bao",
        &["POST /api/v1/data-incidents/{id}/notice"],
    ),
    (
        "POST /can-bo/su-co-du-lieu/{id}/nguoi-lien-quan",
        &["POST /api/v1/data-incidents/{id}/people"],
    ),
    (
        "POST /can-bo/su-co-du-lieu/{id}/ket-thuc",
        &["POST /api/v1/data-incidents/{id}/closing"],
    ),
    // Registers out into a file, in from a file.
    (
        "GET /co-so-du-lieu/{register}/xuat",
        &["GET /api/v1/registers/{register}/export"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/xuat",
        &["GET /api/v1/registers/{register}/export"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/xuat/tep",
        &["GET /api/v1/registers/{register}/export"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/xuat/tep",
        &["GET /api/v1/registers/{register}/export", "POST /api/v1/me/step-up"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/nhap",
        &["GET /api/v1/registers/{register}/imports"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/nhap",
        &["POST /api/v1/registers/{register}/imports"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/nhap/{id}",
        &[
            "GET /api/v1/registers/{register}/imports/{id}",
            "GET /api/v1/registers/{register}/imports/{id}/preview",
        ],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/nhap/{id}",
        &["POST /api/v1/registers/{register}/imports/{id}/start"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/nhap/{id}/trang-tinh",
        &["PUT /api/v1/registers/{register}/imports/{id}/sheet"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/nhap/{id}/dung",
        &["DELETE /api/v1/registers/{register}/imports/{id}"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/nhap/{id}/dong-loi",
        &["GET /api/v1/registers/{register}/imports/{id}/bad-rows"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/nhap/{id}/duyet",
        &["GET /api/v1/registers/{register}/imports/{id}/review"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/nhap/{id}/duyet",
        &["POST /api/v1/registers/{register}/imports/{id}/decision"],
    ),
    // For anybody.
    ("GET /tra-cuu", &["GET /api/v1/tracking/{code}"]),
    // /api/v1/registers/{register}egisters: those that are open are read by everybody, officials work in their own frame.
    // Where the owner approves what is entered, and many records at once.
    (
        "GET /can-bo/de-nghi-cap-nhat",
        &[
            "GET /api/v1/register-imports",
            "GET /api/v1/register-proposals",
            "GET /api/v1/register-proposals/waiting",
        ],
    ),
    (
        "GET /can-bo/de-nghi-cap-nhat/{id}",
        &["GET /api/v1/register-proposals/{id}"],
    ),
    (
        "POST /can-bo/de-nghi-cap-nhat/{id}/duyet",
        &["POST /api/v1/register-proposals/{id}/approval"],
    ),
    (
        "POST /can-bo/de-nghi-cap-nhat/{id}/tu-choi",
        &["POST /api/v1/register-proposals/{id}/refusal"],
    ),
    (
        "POST /can-bo/de-nghi-cap-nhat/{id}/rut",
        &["POST /api/v1/register-proposals/{id}/withdrawal"],
    ),
    (
        "POST /can-bo/de-nghi-cap-nhat/{id}/lam-lai",
        &["POST /api/v1/register-proposals/{id}/renewal"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/sua-nhieu",
        &["POST /api/v1/registers/{register}/bulk-previews"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/sua-nhieu",
        &[
            "POST /api/v1/registers/{register}/bulk-previews",
            "POST /api/v1/registers/{register}/bulk-changes",
        ],
    ),
    ("GET /can-bo/sua-nhieu-ban-ghi", &["GET /api/v1/register-bulk-changes"]),
    (
        "GET /can-bo/sua-nhieu-ban-ghi/{id}",
        &[
            "GET /api/v1/register-bulk-changes/{id}",
            "GET /api/v1/register-bulk-changes/{id}/failures",
        ],
    ),
    (
        "POST /can-bo/sua-nhieu-ban-ghi/{id}/duyet",
        &["POST /api/v1/register-bulk-changes/{id}/approval"],
    ),
    (
        "POST /can-bo/sua-nhieu-ban-ghi/{id}/tu-choi",
        &["POST /api/v1/register-bulk-changes/{id}/refusal"],
    ),
    (
        "POST /can-bo/sua-nhieu-ban-ghi/{id}/dung",
        &["POST /api/v1/register-bulk-changes/{id}/stop"],
    ),
    // Registers made in the browser.
    ("GET /can-bo/tu-lap-co-so-du-lieu", &["GET /api/v1/register-drafts"]),
    ("POST /can-bo/tu-lap-co-so-du-lieu", &["POST /api/v1/register-drafts"]),
    (
        "POST /can-bo/tu-lap-co-so-du-lieu/sua",
        &["POST /api/v1/register-drafts/of-register"],
    ),
    (
        "GET /can-bo/tu-lap-co-so-du-lieu/khai-bao/{register}",
        &["GET /api/v1/registers/{register}/declaration"],
    ),
    (
        "GET /can-bo/tu-lap-co-so-du-lieu/{id}",
        &["GET /api/v1/register-drafts/{id}"],
    ),
    (
        "POST /can-bo/tu-lap-co-so-du-lieu/{id}",
        &[
            "PUT /api/v1/register-drafts/{id}",
            "POST /api/v1/register-drafts/{id}/rows",
            "POST /api/v1/register-drafts/{id}/publication",
        ],
    ),
    (
        "POST /can-bo/tu-lap-co-so-du-lieu/{id}/bo",
        &["DELETE /api/v1/register-drafts/{id}"],
    ),
    (
        "GET /can-bo/tu-lap-co-so-du-lieu/{id}/khai-bao",
        &["GET /api/v1/register-drafts/{id}/declaration"],
    ),
    ("GET /co-so-du-lieu", &["GET /api/v1/registers"]),
    (
        "GET /co-so-du-lieu/{register}",
        &[
            "GET /api/v1/registers/{register}",
            "GET /api/v1/registers/{register}/records",
        ],
    ),
    (
        "GET /co-so-du-lieu/{register}/{record}",
        &[
            "GET /api/v1/registers/{register}/records/{id}",
            "GET /api/v1/registers/{register}/records/{id}/history",
        ],
    ),
    (
        "GET /co-so-du-lieu/{register}/{record}/tep/{file}",
        &["GET /api/v1/registers/{register}/records/{record}/files/{file}"],
    ),
    ("GET /can-bo/co-so-du-lieu", &["GET /api/v1/registers"]),
    (
        "GET /can-bo/co-so-du-lieu/{register}",
        &[
            "GET /api/v1/registers/{register}",
            "GET /api/v1/registers/{register}/records",
        ],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/tim",
        &["GET /api/v1/registers/{register}/records"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/{record}",
        &[
            "GET /api/v1/registers/{register}/records/{id}",
            "GET /api/v1/registers/{register}/records/{id}/history",
        ],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/mo",
        &["GET /api/v1/registers/{register}/records/{id}"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/{record}/tep/{file}",
        &["GET /api/v1/registers/{register}/records/{record}/files/{file}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/tep",
        &["GET /api/v1/registers/{register}/records/{record}/files/{file}"],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/moi",
        &["GET /api/v1/registers/{register}/schema"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/moi",
        &["POST /api/v1/registers/{register}/records"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/moi/tep",
        &[
            "POST /api/v1/registers/{register}/files",
            "POST /api/v1/registers/{register}/records",
        ],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/{record}/cap-nhat",
        &["GET /api/v1/registers/{register}/records/{id}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/cap-nhat",
        &["PUT /api/v1/registers/{register}/records/{id}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/cap-nhat/tep",
        &[
            "POST /api/v1/registers/{register}/files",
            "PUT /api/v1/registers/{register}/records/{id}",
        ],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/{record}/dinh-chinh",
        &["GET /api/v1/registers/{register}/records/{id}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/dinh-chinh",
        &["POST /api/v1/registers/{register}/records/{id}/correction"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/dinh-chinh/tep",
        &[
            "POST /api/v1/registers/{register}/files",
            "POST /api/v1/registers/{register}/records/{id}/correction",
        ],
    ),
    (
        "GET /can-bo/co-so-du-lieu/{register}/{record}/ket-thuc",
        &["GET /api/v1/registers/{register}/records/{id}"],
    ),
    (
        "POST /can-bo/co-so-du-lieu/{register}/{record}/ket-thuc",
        &["POST /api/v1/registers/{register}/records/{id}/end"],
    ),
    // What stands where on a day.
    ("GET /co-quan", &["GET /api/v1/agencies", "GET /api/v1/reorganisations"]),
    ("GET /co-quan/{code}", &["GET /api/v1/agencies/{code}"]),
    ("GET /dia-danh", &["GET /api/v1/area-catalogue"]),
    ("GET /dia-danh/{code}", &["GET /api/v1/area-catalogue/{code}"]),
    ("GET /dia-gioi", &["GET /api/v1/areas"]),
    ("GET /dia-gioi/{code}", &["GET /api/v1/areas/{code}"]),
    ("GET /kiem-chung", &["GET /api/v1/documents/{code}"]),
    ("GET /kiem-chung/{code}", &["GET /api/v1/documents/{code}"]),
    // The file is held against the digest that the operation gives; it need not travel.
    ("POST /kiem-chung/{code}", &["GET /api/v1/documents/{code}"]),
    // The desk.
    (
        "GET /can-bo",
        &[
            "GET /api/v1/inbox",
            "GET /api/v1/inbox/counts",
            "GET /api/v1/procedures",
        ],
    ),
    ("GET /can-bo/tra-ket-qua", &["GET /api/v1/inbox"]),
    ("GET /can-bo/viec/{task}", &["GET /api/v1/tasks/{task}"]),
    ("POST /can-bo/viec/{task}", &["POST /api/v1/tasks/{task}/act"]),
    ("POST /can-bo/viec/{task}/nhan", &["POST /api/v1/tasks/{task}/claim"]),
    ("POST /can-bo/viec/{task}/tra", &["POST /api/v1/tasks/{task}/release"]),
    (
        "POST /can-bo/viec/{task}/giao",
        &["POST /api/v1/tasks/{task}/assignment"],
    ),
    ("GET /can-bo/ho-so/{id}", &["GET /api/v1/dossiers/{id}"]),
    (
        "GET /can-bo/ho-so/{id}/giay-to/{file}",
        &["GET /api/v1/dossiers/{id}/papers/{file}"],
    ),
    (
        "GET /can-bo/ho-so/{id}/van-ban/{document}",
        &["GET /api/v1/dossiers/{id}/documents/{document}"],
    ),
    (
        "POST /can-bo/ho-so/{id}/thu-phi",
        &["POST /api/v1/dossiers/{id}/payments"],
    ),
    (
        "POST /can-bo/ho-so/{id}/xin-loi",
        &["POST /api/v1/dossiers/{id}/apology"],
    ),
    ("GET /can-bo/tim", &["GET /api/v1/dossier-search"]),
    ("GET /can-bo/so-theo-doi", &["GET /api/v1/ledger"]),
    ("GET /can-bo/so-theo-doi/tai-ve", &["GET /api/v1/ledger.csv"]),
    ("POST /can-bo/so-theo-doi/tai-ve", &["POST /api/v1/me/step-up"]),
    ("GET /can-bo/lich-lam-viec", &["GET /api/v1/working-calendar"]),
    ("POST /can-bo/lich-lam-viec", &["POST /api/v1/working-calendar/days"]),
    (
        "POST /can-bo/lich-lam-viec/xoa",
        &["DELETE /api/v1/working-calendar/days/{kind}/{day}"],
    ),
    (
        "POST /can-bo/lich-lam-viec/cong-bo",
        &["PUT /api/v1/working-calendar/years/{year}/announcement"],
    ),
    // One's own account.
    ("POST /dang-nhap/ma", &["POST /api/v1/sessions"]),
    (
        "GET /tai-khoan",
        &[
            "GET /api/v1/me",
            "GET /api/v1/me/second-factor",
            "GET /api/v1/me/sessions",
        ],
    ),
    ("GET /tai-khoan/mat-khau", &["GET /api/v1/me"]),
    ("POST /tai-khoan/mat-khau", &["PUT /api/v1/me/password"]),
    ("GET /tai-khoan/hai-lop", &["GET /api/v1/me/second-factor"]),
    (
        "POST /tai-khoan/hai-lop/bat-dau",
        &["POST /api/v1/me/second-factor/offer"],
    ),
    ("POST /tai-khoan/hai-lop", &["POST /api/v1/me/second-factor"]),
    (
        "POST /tai-khoan/hai-lop/ma-du-phong",
        &["POST /api/v1/me/second-factor/recovery-codes"],
    ),
    ("POST /tai-khoan/hai-lop/tat", &["DELETE /api/v1/me/second-factor"]),
    ("GET /tai-khoan/khoa-truy-cap", &["GET /api/v1/me/passkeys"]),
    (
        "POST /tai-khoan/khoa-truy-cap/bat-dau",
        &["POST /api/v1/me/passkeys/offer"],
    ),
    ("POST /tai-khoan/khoa-truy-cap", &["POST /api/v1/me/passkeys"]),
    ("GET /tai-khoan/khoa-truy-cap/xoa", &["GET /api/v1/me/passkeys"]),
    (
        "POST /tai-khoan/khoa-truy-cap/xoa",
        &["DELETE /api/v1/me/passkeys/{id}"],
    ),
    ("GET /tai-khoan/ai-da-xem", &["GET /api/v1/me/looks"]),
    ("GET /tai-khoan/thiet-bi", &["GET /api/v1/me/sessions"]),
    (
        "POST /tai-khoan/thiet-bi/ket-thuc",
        &["DELETE /api/v1/me/sessions/{id}"],
    ),
    (
        "POST /tai-khoan/thiet-bi/ket-thuc-khac",
        &["DELETE /api/v1/me/sessions"],
    ),
    // Signing in to applications; the protocol is the interface for programs.
    ("GET /openid/authorize", &["POST /openid/authorize", "POST /openid/par"]),
    ("GET /openid/tiep-tuc", &[]),
    ("POST /openid/dong-y", &["POST /openid/authorize"]),
    ("GET /openid/logout", &["POST /openid/logout"]),
    ("POST /openid/dang-xuat", &["DELETE /api/v1/sessions/current"]),
    ("GET /ung-dung", &["GET /api/v1/me/apps"]),
    ("GET /tai-khoan/ung-dung", &["GET /api/v1/me/consents"]),
    ("POST /tai-khoan/ung-dung/rut", &["DELETE /api/v1/me/consents/{client}"]),
    ("GET /can-bo/ung-dung", &["GET /api/v1/oidc/clients"]),
    ("GET /can-bo/ung-dung/moi", &[]),
    ("POST /can-bo/ung-dung/moi", &["POST /api/v1/oidc/clients"]),
    ("GET /can-bo/ung-dung/{id}", &["GET /api/v1/oidc/clients/{id}"]),
    ("POST /can-bo/ung-dung/{id}", &["PUT /api/v1/oidc/clients/{id}"]),
    (
        "POST /can-bo/ung-dung/{id}/bi-mat",
        &["POST /api/v1/oidc/clients/{id}/secret"],
    ),
    // The counter.
    (
        "GET /can-bo/tiep-nhan",
        &["GET /api/v1/drafts", "GET /api/v1/procedures"],
    ),
    ("POST /can-bo/tiep-nhan/nguoi", &["POST /api/v1/intake/person"]),
    ("POST /can-bo/tiep-nhan/bat-dau", &["POST /api/v1/drafts"]),
    ("GET /can-bo/tiep-nhan/{draft}", &["GET /api/v1/drafts/{id}"]),
    (
        "GET /can-bo/tiep-nhan/{draft}/{page}",
        &["GET /api/v1/drafts/{id}/pages/{page}", "GET /api/v1/areas"],
    ),
    (
        "POST /can-bo/tiep-nhan/{draft}/{page}",
        &["PUT /api/v1/drafts/{id}/pages/{page}"],
    ),
    (
        "GET /can-bo/tiep-nhan/{draft}/giay-to/{paper}",
        &["GET /api/v1/drafts/{id}/preview"],
    ),
    (
        "POST /can-bo/tiep-nhan/{draft}/giay-to/{paper}",
        &["POST /api/v1/drafts/{id}/papers/{paper}"],
    ),
    (
        "POST /can-bo/tiep-nhan/{draft}/giay-to/{paper}/xoa",
        &["DELETE /api/v1/drafts/{id}/papers/{paper}/{file}"],
    ),
    (
        "GET /can-bo/tiep-nhan/{draft}/tep/{file}",
        &["GET /api/v1/drafts/{id}/files/{file}"],
    ),
    (
        "GET /can-bo/tiep-nhan/{draft}/kiem-tra",
        &["GET /api/v1/drafts/{id}/preview"],
    ),
    (
        "POST /can-bo/tiep-nhan/{draft}/nop",
        &["POST /api/v1/drafts/{id}/intake"],
    ),
    ("POST /can-bo/tiep-nhan/{draft}/huy", &["DELETE /api/v1/drafts/{id}"]),
];

#[test]
fn every_page_has_its_operations_and_every_operation_is_described() {
    let routes = portal::routes();
    let (protocols, own): (Vec<_>, Vec<_>) = routes.views().into_iter().partition(|view| view.protocol);
    let (api, pages): (Vec<_>, Vec<_>) = own.into_iter().partition(|view| view.api);
    let named = |view: &web::RouteView| format!("{} {}", view.method, view.path);
    let api: BTreeSet<String> = api.iter().map(named).collect();
    let pages: BTreeSet<String> = pages.iter().map(named).collect();
    let protocols: BTreeSet<String> = protocols.iter().map(named).collect();

    let listed: BTreeSet<String> = PAGES.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(listed.len(), PAGES.len(), "each page stands in the table once");
    let differing: Vec<&String> = pages.symmetric_difference(&listed).collect();
    assert!(
        differing.is_empty(),
        "pages without an entry, or entries without a page: {differing:#?}"
    );
    let unknown: Vec<_> = PAGES
        .iter()
        .flat_map(|(page, operations)| operations.iter().map(move |operation| (page, operation)))
        .filter(|(_, operation)| !api.contains(**operation) && !protocols.contains(**operation))
        .collect();
    assert!(unknown.is_empty(), "operations that do not exist: {unknown:#?}");
    let changing = PAGES.iter().filter(|(page, _)| !page.starts_with("GET "));
    for (page, operations) in changing {
        assert!(
            operations.iter().any(|operation| !operation.starts_with("GET "))
                || [
                    "POST /kiem-chung/{code}",
                    "POST /can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/mo",
                    "POST /dang-nhap/lien-thong/{provider}",
                    "POST /tai-khoan/lien-ket",
                    // What is sealed is asked for in the body, so that no address keeps it; nothing is changed.
                    "POST /can-bo/co-so-du-lieu/{register}/tim",
                    "POST /can-bo/co-so-du-lieu/{register}/{record}/mo",
                    "POST /can-bo/co-so-du-lieu/{register}/{record}/tep",
                ]
                .contains(page),
            "{page}"
        );
    }

    let described = web::openapi(&routes, "test", "0");
    for operation in &api {
        let (method, path) = operation.split_once(' ').unwrap();
        assert!(
            described["paths"][path][method.to_lowercase()]["operationId"].is_string(),
            "{operation} is not described"
        );
    }
}
