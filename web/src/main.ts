import { createApp } from "vue";
import App from "./App.vue";
import { restoreTheme } from "./composables/theme";
import { router } from "./router";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/forms.css";
import "./styles/layout.css";
import "./styles/contrast.css";

restoreTheme();
createApp(App).use(router).mount("#app");
