using ResLora.Formats.Errors;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>All filters; the first argument is what stands before the bar.</summary>
internal static class FilterTable
{
    private static readonly string[] _refused = ["pprint", "random", "urlize"];

    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } =
        new FunctionTable()
            .With(TextFilters.All).With(ValueFilters.All).With(ListFilters.All).With(SelectFilters.All).With(OrderFilters.All);

    /// <summary>A filter.</summary>
    /// <exception cref="JinjaError">There is none of this name.</exception>
    public static NativeFunction Require(string name) => All.Find(name) ?? throw new JinjaError(Array.IndexOf(_refused, name) >= 0
        ? $"the filter '{name}' of Jinja is not supported"
        : $"there is no filter '{name}'.{NearestName.Suggestion(name, All.Names)}");
}
