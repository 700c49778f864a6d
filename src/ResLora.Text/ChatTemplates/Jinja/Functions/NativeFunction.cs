namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>A filter, test, method or function of the language: its parameters and what it does.</summary>
/// <param name="name">Its name.</param>
/// <param name="signature">
/// The parameters' names: <c>a</c> is needed, <c>a?</c> may be left out, <c>*a</c> takes all further ones and <c>**a</c> all other names.
/// </param>
/// <param name="body">What it does.</param>
internal sealed class NativeFunction(string name, string signature, Func<Rendering, BoundArguments, object> body) : CallableValue(name)
{
    private readonly string[] _parameters = signature.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public override object Call(Rendering rendering, CallArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var plain = _parameters.TakeWhile(parameter => parameter[0] != '*').ToArray();
        var values = new object?[plain.Length];
        for (var i = 0; i < Math.Min(plain.Length, arguments.Positional.Count); i++)
        {
            values[i] = arguments.Positional[i];
        }

        if (arguments.Positional.Count > plain.Length && !_parameters.Any(parameter => parameter is ['*', not '*', ..]))
        {
            throw new JinjaError($"'{Name}' takes at most {plain.Length} arguments ({arguments.Positional.Count} given)");
        }

        var named = new List<(string, object)>();
        foreach (var (key, value) in arguments.Named)
        {
            var place = Array.FindIndex(plain, parameter => parameter.TrimEnd('?') == key);
            if (place < 0 && _parameters.Any(parameter => parameter.StartsWith("**", StringComparison.Ordinal)))
            {
                named.Add((key, value));
                continue;
            }

            values[place < 0 ? throw new JinjaError($"'{Name}' has no argument '{key}'")
                : values[place] is null ? place : throw new JinjaError($"'{Name}' got two values for the argument '{key}'")] = value;
        }

        var missing = Array.FindIndex(values, value => value is null);
        for (; missing >= 0 && missing < plain.Length; missing++)
        {
            if (values[missing] is null && !plain[missing].EndsWith('?'))
            {
                throw new JinjaError($"'{Name}' needs the argument '{plain[missing]}'");
            }
        }

        return body(rendering,
            new BoundArguments(Name, rendering, plain, values, new([.. arguments.Positional.Skip(plain.Length)], named)));
    }
}
