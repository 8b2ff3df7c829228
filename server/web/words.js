// Every word that is shown. {name} stands for a value.
const texts = {
	en: {
		home: "Your code",
		tap: "Tap the code to copy it",
		copy: "Copy the code {code}",
		copied: "Copied",
		left: "{seconds} s",
		upcoming: "Next: {code}",
		settings: "Settings",
		back: "Back",
		register: "Register",
		"register-why": "Enter the e-mail address under which your organisation knows you.",
		email: "E-mail address",
		next: "Next",
		enter: "Enter the code from the mail",
		sent: "If {email} is registered, a code is on its way.",
		code: "Registration code",
		lives: "The code is good for another {time}.",
		dead: "The code is no longer good. Request another.",
		otp: "Current code of the token that you have",
		request: "Request another code",
		"request-when": "Request another code in {time}",
		"other-address": "Other address",
		done: "Registered",
		"done-who": "This device now shows the codes of {name} for {issuer}.",
		"done-how": "The code on its screen logs you in at once.",
		"show-code": "Show the code",
		accounts: "Accounts",
		add: "Add an account",
		rename: "Rename",
		save: "Save",
		cancel: "Cancel",
		name: "Name",
		remove: "Remove",
		"remove-sure": "Remove {name} from this device for good? Without another token, you can register again only after your administrator has reset your account.",
		"remove-yes": "Remove for good",
		keep: "Keep",
		language: "Language",
		iphone: "On an iPhone or iPad, first add this page to the home screen (Share, Add to Home Screen), open it there, and register there. Safari deletes what a page keeps after a week without a visit, and the home screen does not see it.",
		kept: "Your browser keeps these accounts until you remove them.",
		"not-kept": "Your browser may delete these accounts when space is short. To prevent that, install this page: in the browser's menu, Install or Add to home screen.",
		"clock-title": "The clock of this device is wrong",
		slow: "It is about {time} slow. Go on using the codes, but set the time automatically:",
		fast: "It is about {time} fast. Go on using the codes, but set the time automatically:",
		"clock-iphone": "iPhone: Settings, General, Date & Time, Set Automatically.",
		"clock-android": "Android: Settings, System, Date & time, Set time automatically.",
		"bad-address": "This is not an e-mail address. One looks like name@example.org.",
		"short-code": "A registration code has ten letters and digits. Check what you have typed.",
		"wrong-code": "This code is not right. Compare it with the newest mail, or request another. After five wrong codes, wait an hour.",
		expired: "The hour of this code is over. Request another.",
		used: "This code has been used or replaced. Request another. If you did not use it, tell your administrator.",
		"otp-required": "You have a token for this account already. Enter the code that it shows now, too. If it is lost, your administrator can reset it.",
		"otp-refused": "The token's code was not accepted. Wait for its next code and enter that one.",
		offline: "This device is offline. Connect it, then try again.",
		down: "No connection to the service, or it cannot answer now. Try again in a minute.",
		"too-far": "This device is registered, but its clock is too far off: its codes may be refused. Set the time automatically, then open this page again.",
		unconfirmed: "This device is registered, but the connection broke before the last step. It is made up for as soon as the service answers.",
		storage: "This browser does not let the page keep anything. Leave private browsing or allow storage, then try again.",
	},
	"zh-Hant": {
		home: "您的驗證碼",
		tap: "輕觸驗證碼即可複製",
		copy: "複製驗證碼 {code}",
		copied: "已複製",
		left: "{seconds} 秒",
		upcoming: "下一個：{code}",
		settings: "設定",
		back: "返回",
		register: "註冊",
		"register-why": "請輸入您在機構登記的電子郵件地址。",
		email: "電子郵件地址",
		next: "下一步",
		enter: "請輸入郵件中的註冊碼",
		sent: "如果 {email} 已登記，註冊碼已寄出。",
		code: "註冊碼",
		lives: "註冊碼在 {time} 內有效。",
		dead: "註冊碼已失效，請重新索取。",
		otp: "您現有權杖目前的驗證碼",
		request: "重新索取註冊碼",
		"request-when": "{time} 後可重新索取",
		"other-address": "使用其他地址",
		done: "註冊完成",
		"done-who": "此裝置現在會顯示 {name} 在 {issuer} 的驗證碼。",
		"done-how": "畫面上的驗證碼可以立即登入。",
		"show-code": "顯示驗證碼",
		accounts: "帳戶",
		add: "新增帳戶",
		rename: "重新命名",
		save: "儲存",
		cancel: "取消",
		name: "名稱",
		remove: "移除",
		"remove-sure": "要從此裝置永久移除 {name} 嗎？若沒有其他權杖，須由管理員重設您的帳戶，才能再次註冊。",
		"remove-yes": "永久移除",
		keep: "保留",
		language: "語言",
		iphone: "使用 iPhone 或 iPad 時，請先將此頁加入主畫面（分享、加入主畫面），再從主畫面開啟並註冊。一週未造訪，Safari 便會刪除網頁保存的資料，而主畫面也讀不到這些資料。",
		kept: "瀏覽器會保留這些帳戶，直到您移除為止。",
		"not-kept": "空間不足時，瀏覽器可能會刪除這些帳戶。若要避免，請安裝此頁：在瀏覽器選單中選擇「安裝」或「加到主畫面」。",
		"clock-title": "此裝置的時間不正確",
		slow: "大約慢了 {time}。驗證碼仍可使用，但請設為自動校時：",
		fast: "大約快了 {time}。驗證碼仍可使用，但請設為自動校時：",
		"clock-iphone": "iPhone：設定、一般、日期與時間、自動設定。",
		"clock-android": "Android：設定、系統、日期和時間、自動設定時間。",
		"bad-address": "這不是電子郵件地址。格式應如 name@example.org。",
		"short-code": "註冊碼由十個字母和數字組成，請檢查您輸入的內容。",
		"wrong-code": "註冊碼不正確。請與最新的郵件核對，或重新索取。輸入錯誤五次後，請等候一小時。",
		expired: "此註冊碼的一小時期限已過，請重新索取。",
		used: "此註冊碼已被使用或取代，請重新索取。如果不是您本人使用，請通知管理員。",
		"otp-required": "您的帳戶已有權杖，請一併輸入它現在顯示的驗證碼。若權杖已遺失，管理員可以重設。",
		"otp-refused": "權杖的驗證碼未被接受。請等下一個驗證碼出現後再輸入。",
		offline: "此裝置已離線。請連上網路後再試一次。",
		down: "無法連線至服務，或服務暫時無法回應。請於一分鐘後再試。",
		"too-far": "此裝置已註冊，但時間相差太多，驗證碼可能不被接受。請設為自動校時，然後重新開啟此頁。",
		unconfirmed: "此裝置已註冊，但連線在最後一步前中斷。服務恢復回應後會自動補上。",
		storage: "此瀏覽器不允許本頁保存資料。請離開私密瀏覽或允許儲存，然後再試一次。",
	},
	pt: {
		home: "O seu código",
		tap: "Toque no código para o copiar",
		copy: "Copiar o código {code}",
		copied: "Copiado",
		left: "{seconds} s",
		upcoming: "Seguinte: {code}",
		settings: "Definições",
		back: "Voltar",
		register: "Registar",
		"register-why": "Introduza o endereço de correio eletrónico com que a sua organização o conhece.",
		email: "Endereço de correio eletrónico",
		next: "Seguinte",
		enter: "Introduza o código da mensagem",
		sent: "Se {email} estiver registado, um código está a caminho.",
		code: "Código de registo",
		lives: "O código é válido por mais {time}.",
		dead: "O código já não é válido. Peça outro.",
		otp: "Código atual do token que já tem",
		request: "Pedir outro código",
		"request-when": "Pedir outro código dentro de {time}",
		"other-address": "Outro endereço",
		done: "Registado",
		"done-who": "Este dispositivo mostra agora os códigos de {name} para {issuer}.",
		"done-how": "O código no ecrã permite entrar de imediato.",
		"show-code": "Mostrar o código",
		accounts: "Contas",
		add: "Adicionar uma conta",
		rename: "Mudar o nome",
		save: "Guardar",
		cancel: "Cancelar",
		name: "Nome",
		remove: "Remover",
		"remove-sure": "Remover {name} deste dispositivo para sempre? Sem outro token, só poderá registar-se de novo depois de o administrador repor a sua conta.",
		"remove-yes": "Remover para sempre",
		keep: "Manter",
		language: "Idioma",
		iphone: "Num iPhone ou iPad, adicione primeiro esta página ao ecrã principal (Partilhar, Adicionar ao ecrã principal), abra-a aí e registe-se aí. O Safari apaga o que uma página guarda após uma semana sem visitas, e o ecrã principal não o vê.",
		kept: "O seu navegador guarda estas contas até as remover.",
		"not-kept": "O seu navegador pode apagar estas contas se faltar espaço. Para o evitar, instale esta página: no menu do navegador, Instalar ou Adicionar ao ecrã principal.",
		"clock-title": "O relógio deste dispositivo está errado",
		slow: "Está cerca de {time} atrasado. Continue a usar os códigos, mas acerte a hora automaticamente:",
		fast: "Está cerca de {time} adiantado. Continue a usar os códigos, mas acerte a hora automaticamente:",
		"clock-iphone": "iPhone: Definições, Geral, Data e hora, Automaticamente.",
		"clock-android": "Android: Definições, Sistema, Data e hora, Definir hora automaticamente.",
		"bad-address": "Isto não é um endereço de correio eletrónico. Um endereço é como nome@example.org.",
		"short-code": "Um código de registo tem dez letras e algarismos. Verifique o que escreveu.",
		"wrong-code": "Este código não está certo. Compare-o com a mensagem mais recente ou peça outro. Após cinco códigos errados, espere uma hora.",
		expired: "A hora deste código terminou. Peça outro.",
		used: "Este código já foi usado ou substituído. Peça outro. Se não foi por si, avise o administrador.",
		"otp-required": "Já tem um token para esta conta. Introduza também o código que ele mostra agora. Se o perdeu, o administrador pode repor a conta.",
		"otp-refused": "O código do token não foi aceite. Espere pelo código seguinte e introduza esse.",
		offline: "Este dispositivo está sem rede. Ligue-o e tente de novo.",
		down: "Sem ligação ao serviço, ou este não pode responder agora. Tente de novo dentro de um minuto.",
		"too-far": "Este dispositivo está registado, mas o relógio está demasiado errado: os códigos podem ser recusados. Acerte a hora automaticamente e abra de novo esta página.",
		unconfirmed: "Este dispositivo está registado, mas a ligação caiu antes do último passo. Será concluído assim que o serviço responder.",
		storage: "Este navegador não deixa a página guardar nada. Saia da navegação privada ou permita o armazenamento, e tente de novo.",
	},
};

let language = "en";

export function languageOf(wanted) {
	const speaks = { zh: "zh-Hant", pt: "pt", en: "en" };
	const found = wanted.map((tag) => tag.toLowerCase().split("-")[0])
		.find((tag) => tag in speaks);
	return speaks[found ?? "en"];
}

export function say(key, values = {}) {
	return texts[language][key].replace(/\{(\w+)\}/g,
		(_, name) => values[name] ?? "");
}

export function setLanguage(name) {
	language = name in texts ? name : "en";
	document.documentElement.lang = language;
	for (const element of document.querySelectorAll("[data-word]"))
		element.textContent = say(element.dataset.word);
	for (const element of document.querySelectorAll("[data-label]"))
		element.setAttribute("aria-label", say(element.dataset.label));
}

// Leaves alone what is said already, and with it who is reading it.
export function sayIfChanged(id, key, values) {
	const element = document.getElementById(id), text = say(key, values);
	if (element.textContent !== text) element.textContent = text;
}

// To screen readers, once.
export function announce(text) {
	document.getElementById("said").textContent = text;
}

// "4 minutes", "2 hours", "3 days"
export function duration(ms) {
	const minutes = Math.round(ms / 60000);
	const [unit, size] = [["day", 2880, 1440], ["hour", 120, 60]]
		.filter(([, from]) => minutes >= from)
		.map(([name, , of]) => [name, of])[0] ?? ["minute", 1];
	return new Intl.NumberFormat(language,
		{ style: "unit", unit, unitDisplay: "long" })
		.format(Math.round(minutes / size));
}
