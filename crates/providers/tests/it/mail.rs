//! Mail as an independent reader sees it.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use mainstay_model::Language;
use mainstay_providers::{FolderMailer, SmtpConfig, SmtpMailer, SystemClock, SystemRandom};
use mainstay_services::ports::{Mail, MailError, Mailer};
use serde_json::json;

use crate::support::{MovedClock, stand_in::StandIn};

const FROM: &str = "Mainstay <no-reply@example.org>";

fn mail(subject: &str, text: &str, language: Language) -> Mail {
    Mail::new(&"ada@example.org".parse().expect("an address"), subject.to_owned(), text.to_owned(), language)
}

fn smtp(url: &str) -> SmtpMailer {
    let config = SmtpConfig {
        url: url.to_owned().into(),
        from: FROM.to_owned(),
        allow_loopback_plaintext: true,
        roots: None,
    };
    SmtpMailer::new(&config, Arc::new(SystemClock), Arc::new(SystemRandom)).expect("good settings")
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sink = StandIn::start("mail/main.mjs", &[]).await;
    let mailer = smtp(sink.fact("smtp"));
    let text = "הקוד שלך: 12345678\n.\nשורה אחרונה\n";
    mailer.send(&mail("קוד הכניסה שלך ל־Mainstay", text, Language::He)).await.expect("sent");
    let received = &sink.get("/mails").await[0];
    assert_eq!(received["to"], json!(["ada@example.org"]));
    assert_eq!(received["rcpt_to"], json!(["ada@example.org"]));
    assert_eq!(received["mail_from"], json!("no-reply@example.org"));
    assert_eq!(received["from"], json!(["no-reply@example.org"]));
    assert_eq!(received["subject"], json!("קוד הכניסה שלך ל־Mainstay"));
    assert_eq!(received["text"].as_str().map(str::trim_end), Some(text.trim_end()));
    assert_eq!(received["headers"]["content-language"], json!("he"));
    assert_eq!(received["headers"]["auto-submitted"], json!("auto-generated"));
    assert!(received["headers"]["date"].is_string());
    assert!(received["message_id"].as_str().is_some_and(|id| id.ends_with("@example.org>")), "{received}");
}

#[tokio::test]
async fn a_refusal_is_passing_or_for_good_as_the_server_says() {
    let sink = StandIn::start("mail/main.mjs", &[]).await;
    let mailer = smtp(sink.fact("smtp"));
    let mail = mail("Hello", "Hi\n", Language::En);
    sink.put("/mode", json!({ "mode": "refuse" })).await;
    assert!(matches!(mailer.send(&mail).await, Err(MailError::Permanent(_))));
    sink.put("/mode", json!({ "mode": "later" })).await;
    assert!(matches!(mailer.send(&mail).await, Err(MailError::Temporary(_))));
    sink.put("/mode", json!({ "mode": "accept" })).await;
    mailer.send(&mail).await.expect("sent at last");
    sink.stop().await;
    assert!(matches!(mailer.send(&mail).await, Err(MailError::Temporary(_))));
}

#[tokio::test]
async fn a_refused_sign_in_at_the_mail_server_is_no_reason_to_give_a_mail_up() {
    let sink = StandIn::start("mail/main.mjs", &["--user", "u", "--password", "p@ss word"]).await;
    let mail = mail("Hello", "Hi\n", Language::En);
    let with =
        |credentials: &str| smtp(&sink.fact("smtp").replace("smtp://", &format!("smtp://{credentials}@")));
    assert!(matches!(with("u:wrong").send(&mail).await, Err(MailError::Temporary(_))));
    with("u:p%40ss%20word").send(&mail).await.expect("sent");
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_that_does_not_encrypt() {
    let sink = StandIn::start("mail/main.mjs", &[]).await;
    let config = SmtpConfig {
        url: sink.fact("smtp").to_owned().into(),
        from: FROM.to_owned(),
        allow_loopback_plaintext: false,
        roots: None,
    };
    let mailer =
        SmtpMailer::new(&config, Arc::new(SystemClock), Arc::new(SystemRandom)).expect("good settings");
    let outcome = mailer.send(&mail("Hello", "Hi\n", Language::En)).await;
    assert!(matches!(outcome, Err(MailError::Temporary(_))), "{outcome:?}");
    assert_eq!(sink.get("/mails").await, json!([]));
}

#[tokio::test]
async fn a_folder_keeps_mails_in_order_and_to_the_owner() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("var").join("mail");
    let clock = MovedClock::new();
    let mailer = FolderMailer::new(&folder, FROM, clock, Arc::new(SystemRandom)).expect("good settings");
    for n in 0..20 {
        mailer.send(&mail(&format!("Mail {n}"), "Hi\n", Language::En)).await.expect("written");
    }
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).expect("readable").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    assert_eq!(names.len(), 20, "and no unfinished ones: {names:?}");
    for (n, path) in names.iter().enumerate() {
        assert_eq!(path.extension().and_then(|extension| extension.to_str()), Some("eml"));
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(path).expect("readable");
        assert!(text.contains(&format!("\r\nSubject: Mail {n}\r\n")), "{text}");
    }
    assert_eq!(folder.metadata().expect("there").permissions().mode() & 0o077, 0);
}
