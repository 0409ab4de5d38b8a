/** An upload with progress: fetch cannot tell how much has been sent, XMLHttpRequest can. */
import { Refused, refusal } from "./api.js";

/** Posts a form with headers; sent(share) is called on the way, 0 to 1. → the answer's JSON. Raises Refused. */
export function post(path, form, headers, sent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total);
    request.onerror = request.onabort = () => reject(new Refused(0, "notice.offline"));
    request.onload = () => {
      if (request.status < 300) resolve(request.response);
      else reject(refusal(request.status, request.response));
    };
    request.send(form);
  });
}
