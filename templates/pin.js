(function () {
  var form = document.querySelector("form"), pad = document.getElementById("pad");
  // Telegram hands over, behind the #, who opened this page; the server checks its signature.
  var said = /[#&]tgWebAppData=([^&]*)/.exec(location.hash);
  function tell(what) {
    var event = JSON.stringify({ eventType: what, eventData: {} });
    if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(what, "{}");
    else if (window.external && "notify" in window.external) window.external.notify(event);
    else if (window.parent !== window) window.parent.postMessage(event, "*");
    else return false;
    return true;
  }
  var back = document.getElementById("back");
  if (back) back.addEventListener("click", function (event) { if (tell("web_app_close")) event.preventDefault(); });
  tell("web_app_ready");
  tell("web_app_expand");
  if (!form) return;
  if (said) form.elements.opened_by.value = decodeURIComponent(said[1]);
  var fields = form.querySelectorAll("input[type=password]"), at = fields[0], i;
  function choose(field) {
    at = field;
    for (var each = 0; each < fields.length; each++) fields[each].className = fields[each] === at ? "at" : "";
  }
  function chosen(event) { choose(event.target); }
  for (i = 0; i < fields.length; i++) {
    fields[i].setAttribute("inputmode", "none");
    fields[i].addEventListener("focus", chosen);
  }
  choose(at);
  pad.addEventListener("click", function (event) {
    var key = event.target.getAttribute("data-key");
    if (!key) return;
    if (key === "back") at.value = at.value.slice(0, -1);
    else if (key !== "next") at.value = (at.value + key).slice(0, at.maxLength);
    else
      for (var each = 0; each < fields.length - 1; each++)
        if (fields[each] === at) { choose(fields[each + 1]); break; }
    pad.querySelector("[data-key=next]").disabled = at === fields[fields.length - 1];
  });
  pad.querySelector("[data-key=next]").disabled = fields.length === 1;
  pad.hidden = false;
  form.addEventListener("submit", function () {
    var button = form.querySelector(".button");
    setTimeout(function () { button.disabled = true; }, 0);
    setTimeout(function () { button.disabled = false; }, 15000);
  });
})();
