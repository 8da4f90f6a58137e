-- Requests of every kind in turn: good ones, 404, 405, redirects, 422 with many errors, broken JSON, a body that is no UTF-8, thread pool, forms.
local json = { ["Content-Type"] = "application/json" }
local form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
local requests = {
  { "GET", "/" }, { "GET", "/items/5?q=x" }, { "GET", "/items/?limit=3&tag=light&size=large" }, { "GET", "/items/?limit=0&skip=x&size=huge" },
  { "GET", "/nothing" }, { "DELETE", "/orders/" }, { "GET", "/items" }, { "GET", "/items/abc" }, { "GET", "/orders/1" }, { "GET", "/openapi.json" },
  { "PUT", "/items/1", json, '{"name": "Lamp", "price": 3.5, "tags": ["a", "b", "a"], "images": [{"url": "https://example.com/a.png", "name": "A"}]}' },
  { "PUT", "/items/1", json, '{"name": "", "price": -1, "tags": 5, "images": [{"url": "nonsense"}], "size": 7}' },
  { "PUT", "/items/1", json, '{"name": "Lamp", ' }, { "PUT", "/items/1", json, '"\255\254"' }, { "PUT", "/items/1", form, "name=Lamp" }, { "POST", "/orders/", json, "[]" },
}
local at = 0
request = function()
  at = at % #requests + 1
  local r = requests[at]
  return wrk.format(r[1], r[2], r[3], r[4])
end
