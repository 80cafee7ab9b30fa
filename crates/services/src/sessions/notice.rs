//! The mail that tells a member that one of their sessions was ended for safety.

use mainstay_model::{Language, member::Member};

use crate::{App, ports::Mail};

/// The notice, if the member has an address that they proved.
pub(super) fn refresh_reused(app: &App, member: &Member) -> Option<Mail> {
    let to = member.verified_email()?;
    let product = &app.settings.product_name;
    let url = app.settings.public_url.as_str();
    let (subject, text) = match member.language {
        Language::En => (
            format!("A session was ended for your safety: {product}"),
            format!(
                "An old sign-in token of one of your sessions at {product} was used a second time. That may mean that \
                 somebody copied it, so we ended that session everywhere.\n\n\
                 Please sign in again, look through your sessions and end any that you do not know:\n{url}\n"
            ),
        ),
        Language::He => (
            format!("חיבור נותק למען ביטחונך: {product}"),
            format!(
                "נעשה שימוש חוזר באסימון כניסה ישן של אחד החיבורים שלך ב-{product}. ייתכן שמישהו העתיק אותו, ולכן ניתקנו \
                 את החיבור הזה בכל מקום.\n\n\
                 יש להתחבר שוב, לעבור על רשימת החיבורים ולנתק כל חיבור שאינו מוכר:\n{url}\n"
            ),
        ),
        Language::Ar => (
            format!("تم إنهاء جلسة حفاظًا على أمانك: {product}"),
            format!(
                "استُخدم رمز دخول قديم لإحدى جلساتك في {product} مرة ثانية. قد يعني ذلك أن شخصًا ما نسخه، لذلك أنهينا تلك \
                 الجلسة في كل مكان.\n\n\
                 يُرجى تسجيل الدخول من جديد ومراجعة جلساتك وإنهاء أي جلسة لا تعرفها:\n{url}\n"
            ),
        ),
        Language::Ru => (
            format!("Сеанс завершён для вашей безопасности: {product}"),
            format!(
                "Старый токен входа одного из ваших сеансов в {product} был использован повторно. Возможно, его кто-то \
                 скопировал, поэтому мы завершили этот сеанс везде.\n\n\
                 Войдите снова, просмотрите свои сеансы и завершите те, которые вам незнакомы:\n{url}\n"
            ),
        ),
        Language::Es => (
            format!("Se cerró una sesión por tu seguridad: {product}"),
            format!(
                "Se usó por segunda vez un token de acceso antiguo de una de tus sesiones en {product}. Puede que alguien lo \
                 haya copiado, así que cerramos esa sesión en todas partes.\n\n\
                 Inicia sesión de nuevo, revisa tus sesiones y cierra las que no reconozcas:\n{url}\n"
            ),
        ),
    };
    Some(Mail::new(to, subject, text, member.language))
}
