using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>A method with the value that it belongs to.</summary>
/// <param name="owner">The value.</param>
/// <param name="method">Takes the value as its first argument.</param>
internal sealed class BoundMethod(object owner, NativeFunction method) : CallableValue(method.Name)
{
    public override object Call(Rendering rendering, CallArguments arguments)
    {
        var result = method.Call(rendering, arguments.Behind(owner is Markup markup ? markup.Text : owner));
        return owner is Markup && result is string text ? new Markup(text) : result;
    }
}
