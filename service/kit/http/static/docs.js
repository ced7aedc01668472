"use strict";
// Swagger UI has no translations of its own: its few fixed words are replaced as they appear.
const WORDS = {
  "Authorize": "登录", "Logout": "退出登录", "Close": "关闭", "Available authorizations": "登录",
  "Try it out": "试一试", "Try it out ": "试一试", "Cancel": "取消", "Execute": "执行", "Clear": "清除", "Reset": "重置",
  "Parameters": "参数", "No parameters": "无参数", "Name": "名称", "Description": "说明", "Responses": "响应",
  "Response body": "响应内容", "Response headers": "响应头", "Request URL": "请求地址", "Request body": "请求体",
  "Server response": "服务器响应", "Code": "状态码", "Details": "详情", "Links": "链接", "No links": "无",
  "Schema": "结构", "Schemas": "数据结构", "Example Value": "示例", "Examples": "示例", "Examples:": "示例:",
  "Media type": "内容类型", "Controls": "控制", "header.": "请求头。", "Download": "下载", "required": "必填",
  "Send empty value": "发送空值", "Filter by tag": "按分组筛选", "Loading...": "加载中…", "Servers": "服务器",
  "username:": "用户名:", "password:": "密码:", "Username:": "用户名:", "Password:": "密码:", "client_id:": "客户端编号:",
  "client_secret:": "客户端密钥:", "Flow:": "方式:", "Token URL:": "令牌地址:", "Scopes:": "权限范围:",
  "Client credentials location:": "客户端凭据位置:", "Request body ": "请求体",
  "Scopes are used to grant an application different levels of access to data on behalf of the end user. Each API may declare one or more scopes.": "",
  "API requires the following scopes. Select which ones you want to grant to Swagger UI.": "",
  "huangge (OAuth2, password)": "用户名与密码", "huangge (OAuth2, clientCredentials)": "合作系统", "Authorization header": "请求头",
  "Deprecated": "已弃用", "Curl": "Curl 命令", "(no example available)": "(无示例)", "Example Description": "示例说明",
  "Required": "必填", "Default value": "默认值", "Expand all": "全部展开", "Collapse all": "全部收起", "Authorized": "已登录",
  "Response content type": "响应内容类型", "Undocumented": "未列入文档", "Add string item": "添加一项", "Add item": "添加一项",
};
const root = document.getElementById("swagger-ui");
const translate = (node) => {
  if (node.nodeType === Node.TEXT_NODE) {
    const words = WORDS[node.data] ?? WORDS[node.data.trim()];
    if (words !== undefined && !node.parentElement?.closest("pre, code, textarea, .markdown")) node.data = words;
    return;
  }
  if (node.placeholder === "Filter by tag or path") node.placeholder = "按分组或路径筛选";
  node.childNodes.forEach(translate);
};
if (document.documentElement.lang === "zh-CN") {
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") translate(change.target);
      else change.addedNodes.forEach(translate);
    }
  }).observe(root, { childList: true, subtree: true, characterData: true });
}
window.ui = SwaggerUIBundle({
  url: root.dataset.contract,
  domNode: root,
  deepLinking: true,
  filter: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor: (request) => {
    request.headers["Accept-Language"] = document.documentElement.lang;
    return request;
  },
});
