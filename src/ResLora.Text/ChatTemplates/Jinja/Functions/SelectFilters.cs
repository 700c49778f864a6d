using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Filters that take some of the values, or make others of them; one after the other, as they are asked for.</summary>
internal static class SelectFilters
{
    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "map", "value *arguments **named", (run, a) => new OneShot(Map(run, a)) },
        { "select", "value *arguments **named", (run, a) => Select(run, a, hasAttribute: false, wanted: true) },
        { "reject", "value *arguments **named", (run, a) => Select(run, a, hasAttribute: false, wanted: false) },
        { "selectattr", "value *arguments **named", (run, a) => Select(run, a, hasAttribute: true, wanted: true) },
        { "rejectattr", "value *arguments **named", (run, a) => Select(run, a, hasAttribute: true, wanted: false) },
    };

    private static IEnumerable<object> Map(Rendering run, BoundArguments a)
    {
        Func<object, object> map;
        if (a.Further.Positional.Count > 0)
        {
            var filter = FilterTable.Require(Name(a.Further.Positional[0], "map"));
            var rest = a.Further with { Positional = [.. a.Further.Positional.Skip(1)] };
            map = item => filter.Call(run, rest.Behind(item));
        }
        else
        {
            var attribute = Named(a, "attribute") ?? throw new JinjaError("map requires a filter argument");
            var unknown = a.Further.Named.FirstOrDefault(argument => argument.Name is not ("attribute" or "default")).Name;
            map = unknown is null ? AttributePath.Reader(attribute, Named(a, "default"))
                : throw new JinjaError($"Unexpected keyword argument '{unknown}'");
        }

        foreach (var item in Iteration.Of(a[0]))
        {
            run.Spend(1);
            yield return map(item);
        }
    }

    private static OneShot Select(Rendering run, BoundArguments a, bool hasAttribute, bool wanted)
    {
        return new OneShot(All());

        IEnumerable<object> All()
        {
            var positional = a.Further.Positional;
            var attribute = !hasAttribute ? NoneValue.Instance
                : positional.Count > 0 ? positional[0]
                : throw new JinjaError("Missing parameter for attribute name");
            var read = AttributePath.Reader(attribute);
            var behind = positional.Skip(hasAttribute ? 1 : 0).ToArray();
            var test = behind.Length > 0 ? TestTable.Require(Name(behind[0], a.Function)) : null;
            var rest = a.Further with { Positional = [.. behind.Skip(1)] };
            foreach (var item in Iteration.Of(a[0]))
            {
                run.Spend(1);
                var value = read(item);
                if ((test is null ? Truth.Of(value) : Truth.Of(test.Call(run, rest.Behind(value)))) == wanted)
                {
                    yield return item;
                }
            }
        }
    }

    private static object? Named(BoundArguments a, string name) => a.Further.Named.FirstOrDefault(argument => argument.Name == name).Value;

    private static string Name(object value, string filter) => value as string
        ?? throw new JinjaError($"'{filter}' needs the name of a filter or test, not {TypeNames.Of(value)}");
}
