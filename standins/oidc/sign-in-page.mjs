// The page on which a user of the stand-in signs in. With a user chosen beforehand it answers at once; without one it
// shows a form in which a person, or a browser test, types who they are.

import { readBody } from "../shared/control.mjs";

const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function page(profile, uid) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(profile.name)} stand-in: sign in</title></head><body><main><h1>Sign in with ${escape(profile.name)}</h1>
<form method="post" action="/interaction/${encodeURIComponent(uid)}">
<p><label>Subject <input name="sub" required></label></p>
<p><label>E-mail <input name="email" type="email"></label></p>
<p><label>Name <input name="name"></label></p>
<p><label><input name="email_verified" type="checkbox" value="yes" checked> E-mail is verified</label></p>
<p><button name="answer" value="continue">Continue</button>
<button name="answer" value="cancel" formnovalidate>Cancel</button></p></form></main></body></html>`;
}

function userOf(form) {
  return {
    sub: form.get("sub"),
    email: form.get("email") || undefined,
    email_verified: form.get("email_verified") === "yes",
    name: form.get("name") || undefined,
    deny: form.get("answer") === "cancel",
  };
}

/** Answers `/interaction/<uid>`. */
export async function signInPage({ req, res, uid, provider, profile, state }) {
  let user;
  if (req.method === "POST") {
    user = userOf(new URLSearchParams((await readBody(req)).toString("utf8")));
  } else {
    user = state.takeUser();
    if (!user) {
      res.writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'",
      });
      res.end(page(profile, uid));
      return;
    }
  }
  if (user.deny) {
    await provider.interactionFinished(req, res, {
      error: profile.denial,
      error_description: "the user said no",
    });
    return;
  }
  state.remember(user);
  await provider.interactionFinished(req, res, {
    login: { accountId: user.sub },
    consent: {},
    select_account: {},
  });
}
