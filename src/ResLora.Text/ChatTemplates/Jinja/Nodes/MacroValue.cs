using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A macro, or the body of a <c>call</c> block: gives the text that its body writes.</summary>
/// <param name="signature">What it takes.</param>
/// <param name="body">What it does.</param>
/// <param name="home">The frame in which it stands.</param>
internal sealed class MacroValue(MacroSignature signature, BlockStatement body, Frame home) : CallableValue(signature.Name), IAttributes
{
    public object? Attribute(string name) => name switch
    {
        "name" => Name,
        "arguments" => new TupleValue([.. signature.Parameters.Select(parameter => parameter.Name)]),
        "catch_kwargs" => signature.UsesNamedRest,
        "catch_varargs" => signature.UsesRest,
        "caller" => signature.UsesCaller,
        _ => null,
    };

    public override object Call(Rendering rendering, CallArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return rendering.Within(() =>
        {
            var output = new System.Text.StringBuilder();
            var frame = home.Inner(output);
            Bind(frame, arguments);
            body.Execute(frame);
            return output.ToString();
        });
    }

    private void Bind(Frame frame, CallArguments arguments)
    {
        var parameters = signature.Parameters;
        var further = arguments.Positional.Skip(parameters.Count).ToArray();
        if (further.Length > 0 && !signature.UsesRest)
        {
            throw new JinjaError($"macro '{Name}' takes not more than {parameters.Count} argument(s)");
        }

        var named = arguments.Named.ToDictionary(argument => argument.Name, argument => argument.Value, StringComparer.Ordinal);
        foreach (var (i, (name, fallback)) in parameters.Index())
        {
            var isNamed = named.Remove(name, out var value);
            if (isNamed && i < arguments.Positional.Count)
            {
                throw new JinjaError($"macro '{Name}' got two values for '{name}'");
            }

            // A default may use the parameters before it.
            frame.Set(name, i < arguments.Positional.Count ? arguments.Positional[i]
                : value ?? fallback?.Evaluate(frame) ?? new Undefined($"parameter '{name}' was not provided"));
        }

        if (signature.UsesCaller)
        {
            frame.Set("caller", named.Remove("caller", out var caller) ? caller : new Undefined("No caller defined"));
        }

        if (named.Count > 0 && !signature.UsesNamedRest)
        {
            throw new JinjaError($"macro '{Name}' takes no keyword argument '{named.Keys.First()}'");
        }

        BindRest(frame, further, named);
    }

    private void BindRest(Frame frame, object[] further, Dictionary<string, object> named)
    {
        if (signature.UsesRest)
        {
            frame.Set("varargs", new TupleValue(further));
        }

        if (signature.UsesNamedRest)
        {
            var dict = new DictValue(frame.Rendering);
            foreach (var (name, value) in named)
            {
                dict.Set(name, value);
            }

            frame.Set("kwargs", dict);
        }
    }
}
