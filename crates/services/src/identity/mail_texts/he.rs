//! Hebrew.

use super::{Facts, Message, name};

pub(super) fn text(message: Message<'_>, facts: &Facts<'_>) -> (String, String) {
    let Facts { product, url, minutes } = facts;
    let not_you =
        format!("אם זה לא היה ביוזמתך, יש להתחבר עכשיו בכתובת {url} ולבדוק את מפתחות הגישה והחיבורים שלך.");
    match message {
        Message::Code(code) => (
            format!("הקוד שלך ל־{product}"),
            format!(
                "הקוד שלך להתחברות ל־{product}:\n\n{code}\n\nהקוד תקף לשימוש אחד, למשך {minutes} דקות, בדפדפן שבו ביקשת אותו. \
                 איש מ־{product} לא יבקש ממך אותו לעולם.\n\nאם לא ביקשת קוד, אפשר להתעלם מהודעה זו."
            ),
        ),
        Message::ConfirmAddress(code) => (
            format!("אישור הכתובת שלך ב־{product}"),
            format!(
                "הקוד שלך לאישור כתובת זו ב־{product}:\n\n{code}\n\nהקוד תקף לשימוש אחד, למשך {minutes} דקות, בדפדפן שבו ביקשת \
                 אותו.\n\nאם לא ביקשת קוד, אפשר להתעלם מהודעה זו."
            ),
        ),
        Message::AddressInUse => (
            format!("כבר יש לך חשבון ב־{product}"),
            format!(
                "כתובת זו הוזנה ב־{product}, אבל כבר קיים חשבון עם הכתובת. אם זה היה ביוזמתך, אפשר להתחבר לחשבון הקיים: \
                 {url}\n\nאם לא, אפשר להתעלם מהודעה זו. דבר לא השתנה."
            ),
        ),
        Message::PasskeyAdded => (
            format!("נוסף מפתח גישה לחשבון {product} שלך"),
            format!("מעכשיו אפשר להתחבר לחשבון {product} שלך עם מפתח גישה חדש.\n\n{not_you}"),
        ),
        Message::PasskeyRemoved => (
            format!("הוסר מפתח גישה מחשבון {product} שלך"),
            format!("הוסר מפתח גישה מחשבון {product} שלך, ואי אפשר עוד להתחבר איתו.\n\n{not_you}"),
        ),
        Message::ProviderAdded(provider) => (
            format!("חשבון {} קושר לחשבון {product} שלך", name(provider)),
            format!("מעכשיו אפשר להתחבר לחשבון {product} שלך דרך {}.\n\n{not_you}", name(provider)),
        ),
        Message::ProviderRemoved(provider) => (
            format!("חשבון {} נותק מחשבון {product} שלך", name(provider)),
            format!(
                "חשבון {} נותק מחשבון {product} שלך, ואי אפשר עוד להתחבר דרכו.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::AddressChanged => (
            format!("הכתובת של חשבון {product} שלך שונתה"),
            format!("כתובת זו אינה שייכת עוד לחשבון {product} שלך.\n\n{not_you}"),
        ),
        Message::SignedInByCode(ways) => {
            let lines = ways.lines("מפתחות גישה", "סיסמה", "קודים לכתובת זו");
            (
                format!("התחברות לחשבון {product} שלך עם קוד"),
                format!(
                    "בוצעה התחברות לחשבון {product} שלך עם קוד שנשלח לכתובת זו.\n\nאלה הדרכים להיכנס \
                     לחשבון:\n{lines}\nדפדפנים ומכשירים מחוברים, כולל זה: {}\n\nאם משהו מאלה לא מוכר לך, יש להסיר אותו \
                     בכתובת {url}\n\n{not_you}",
                    ways.sessions
                ),
            )
        }
    }
}
