//! Arabic.

use super::{Facts, Message, name};

pub(super) fn text(message: Message<'_>, facts: &Facts<'_>) -> (String, String) {
    let Facts { product, url, minutes } = facts;
    let not_you = format!(
        "إذا لم تكن أنت من فعل ذلك، فسجّل الدخول الآن على {url} وتحقّق من مفاتيح المرور والجلسات الخاصة بك."
    );
    match message {
        Message::Code(code) => (
            format!("رمزك في {product}"),
            format!(
                "رمزك لتسجيل الدخول إلى {product}:\n\n{code}\n\nيصلح الرمز لمرة واحدة، خلال {minutes} دقائق، في المتصفح الذي طلبته \
                 منه. لن يطلبه منك أحد من {product} أبدًا.\n\nإذا لم تطلب هذا الرمز، فتجاهل هذه الرسالة."
            ),
        ),
        Message::ConfirmAddress(code) => (
            format!("أكّد عنوانك في {product}"),
            format!(
                "رمزك لتأكيد هذا العنوان في {product}:\n\n{code}\n\nيصلح الرمز لمرة واحدة، خلال {minutes} دقائق، في المتصفح الذي \
                 طلبته منه.\n\nإذا لم تطلب هذا الرمز، فتجاهل هذه الرسالة."
            ),
        ),
        Message::AddressInUse => (
            format!("لديك حساب في {product} بالفعل"),
            format!(
                "أدخل شخص ما هذا العنوان في {product}، لكن يوجد حساب بهذا العنوان بالفعل. إذا كنت أنت، فسجّل الدخول إلى ذلك \
                 الحساب: {url}\n\nإذا لم تكن أنت، فتجاهل هذه الرسالة. لم يتغيّر شيء."
            ),
        ),
        Message::PasskeyAdded => (
            format!("أُضيف مفتاح مرور إلى حسابك في {product}"),
            format!("يمكن الآن تسجيل الدخول إلى حسابك في {product} بمفتاح مرور جديد.\n\n{not_you}"),
        ),
        Message::PasskeyRemoved => (
            format!("أُزيل مفتاح مرور من حسابك في {product}"),
            format!("أُزيل مفتاح مرور من حسابك في {product}، ولم يعد تسجيل الدخول به ممكنًا.\n\n{not_you}"),
        ),
        Message::ProviderAdded(provider) => (
            format!("رُبط حساب {} بحسابك في {product}", name(provider)),
            format!("يمكن الآن تسجيل الدخول إلى حسابك في {product} عبر {}.\n\n{not_you}", name(provider)),
        ),
        Message::ProviderRemoved(provider) => (
            format!("فُصل حساب {} عن حسابك في {product}", name(provider)),
            format!(
                "فُصل حساب {} عن حسابك في {product}، ولم يعد تسجيل الدخول عبره ممكنًا.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::AddressChanged => (
            format!("تغيّر عنوان حسابك في {product}"),
            format!("لم يعد هذا العنوان تابعًا لحسابك في {product}.\n\n{not_you}"),
        ),
        Message::SignedInByCode(ways) => {
            let lines = ways.lines("مفاتيح المرور", "كلمة المرور", "رموز تُرسل إلى هذا العنوان");
            (
                format!("تسجيل دخول برمز إلى حسابك في {product}"),
                format!(
                    "سُجّل الدخول إلى حسابك في {product} برمز أُرسل إلى هذا العنوان.\n\nهذه هي طرق الدخول إلى \
                     الحساب:\n{lines}\nالمتصفحات والأجهزة المسجَّل دخولها، بما فيها هذا: {}\n\nإذا لم تتعرّف على شيء منها، فأزله \
                     على {url}\n\n{not_you}",
                    ways.sessions
                ),
            )
        }
    }
}
