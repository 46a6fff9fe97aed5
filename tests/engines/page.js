// The form as a person sees it in a browser: ODK Web Forms, what Central shows. ?form=/forms/x.xml
import { createApp, h } from "vue";
import { OdkWebForm, webFormsPlugin } from "/node_modules/@getodk/web-forms/dist/index.js";

const url = new URLSearchParams(location.search).get("form");
const folder = url.slice(0, url.lastIndexOf("/") + 1);
const formXml = await (await fetch(url)).text();
window.sent = [];
createApp({
  render: () => h(OdkWebForm, {
    formXml,
    preloadProperties: { deviceID: "persepsi:simulasi" },
    fetchFormAttachment: (resource) => fetch(folder + resource.href.split("/").pop()),
    onSubmit: async (payload) =>
      window.sent.push(await payload.data[0].get("xml_submission_file").text()),
  }),
}).use(webFormsPlugin).mount("#form");
window.mounted = true;
