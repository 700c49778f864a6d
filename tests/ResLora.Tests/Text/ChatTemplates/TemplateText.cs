using System.Text.Json;
using ResLora.Text.ChatTemplates;

namespace ResLora.Tests.Text.ChatTemplates;

/// <summary>Renders small templates with the variables that the tests share.</summary>
internal static class TemplateText
{
    public const string Messages = """
        [{"role":"system","content":"Be brief."},{"role":"user","content":"Hi <b>&\"'"},
         {"role":"assistant","content":"Hello, wörld 😀!","name":"bob"},{"role":"user","content":"Bye","n":3}]
        """;

    private const string Variables = """
        {"xs":[3,1,2],"s":"the quick  brown fox","u":"naïve 😀 Straße","d":{"b":1,"a":[1,"é",null,true],"items":5},"f":1.5,
         "nested":[[1,[2,3]],[4]],"recs":[{"k":"b","v":2,"o":{"z":1}},{"k":"a","v":1,"o":{"z":2}},{"k":"B","v":3,"o":{}}],
         "e":[],"z":0,"n":null,"t":true}
        """;

    public static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;

    public static ChatRequest Request(string messages = Messages, string variables = Variables) => new()
    {
        Messages = Json(messages),
        Variables = Json(variables).EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value),
    };

    public static string Of(string template) => ChatTemplate.Parse(template, "the template").Render(Request()).Text;
}
