namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>What <c>joiner</c> gives: nothing when it is called first, then a separator.</summary>
/// <param name="separator">The separator.</param>
internal sealed class Joiner(string separator) : CallableValue("joiner")
{
    private bool _used;

    public override object Call(Rendering rendering, CallArguments arguments)
    {
        var result = _used ? separator : "";
        _used = true;
        return result;
    }
}
