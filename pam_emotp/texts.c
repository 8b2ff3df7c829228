#include <stddef.h>
#include <string.h>

#include "texts.h"

/* English first. */
static const struct texts table[] = {
    {
	.language = "en",
	.denied = "Code not accepted. Wait for the next code and enter that "
		  "one.",
	.slow = {"Your device's clock is about ", " minutes slow"},
	.fast = {"Your device's clock is about ", " minutes fast"},
	.left = {"Recovery code accepted. Codes left: ", "."},
    },
    {
	.language = "zh-Hant",
	.denied = "驗證碼未被接受。請等待下一個驗證碼，再輸入該驗證碼。",
	.slow = {"您裝置的時鐘大約慢了 ", " 分鐘"},
	.fast = {"您裝置的時鐘大約快了 ", " 分鐘"},
	.left = {"已接受復原碼。剩餘復原碼：", "。"},
    },
    {
	.language = "pt",
	.denied = "Código não aceite. Aguarde o código seguinte e introduza "
		  "esse.",
	.slow = {"O relógio do seu dispositivo está atrasado cerca de ",
	    " minutos"},
	.fast = {"O relógio do seu dispositivo está adiantado cerca de ",
	    " minutos"},
	.left = {"Código de recuperação aceite. Códigos restantes: ", "."},
    },
};

const struct texts *
texts_in(const char *language)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].language, language) == 0)
			return &table[i];
	return &table[0];
}
