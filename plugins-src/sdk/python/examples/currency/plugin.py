"""Converts money: two services are asked at the same time, and the second one may fail."""

from mcpg_sdk import Call, Caller, Failed, Problem, all, backend, http, json_result, log


@backend
class Currency:
    """Config: `{"rates": URL, "news": URL}`."""

    def __init__(self, config: dict) -> None:
        self.rates, self.news = config["rates"], config["news"]

    def call(self, caller: Caller, call: Call) -> dict:
        """Answer `{amount, from, to}` with the amount in the other currency, and a headline if there is one."""
        wanted = call["arguments"]
        effects = [http.effect(url=f"{self.rates}/{wanted['from']}"), http.effect(url=self.news)]
        rates, news = all(effects, failures=True)
        if isinstance(rates, Failed):
            raise rates
        rate = rates.get("json", {}).get(wanted["to"])
        if rate is None:
            raise Problem("rate-unknown", f"no rate from {wanted['from']} to {wanted['to']}")
        headline = ""
        if isinstance(news, Failed):
            log("warning", "no news", {"code": news.code})
        else:
            headline = news.get("body") or ""
        return json_result({"amount": round(wanted["amount"] * rate, 2), "headline": headline})
