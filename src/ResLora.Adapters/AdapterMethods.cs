using ResLora.Adapters.Methods.AdaLora;
using ResLora.Adapters.Methods.Dora;
using ResLora.Adapters.Methods.DyLora;
using ResLora.Adapters.Methods.Ia3;
using ResLora.Adapters.Methods.Loha;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Adapters.Methods.Lora;
using ResLora.Adapters.Methods.Vera;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;

namespace ResLora.Adapters;

/// <summary>All methods, a line each.</summary>
public static class AdapterMethods
{
    private static readonly Additions<AdapterMethod> _others = new();

    /// <summary>LoRA, the usual method.</summary>
    public static AdapterMethod Lora { get; } = new LoraMethod();

    /// <summary>DoRA: LoRA with lengths of rows.</summary>
    public static AdapterMethod Dora { get; } = new DoraMethod();

    /// <summary>(IA)³: factors of outputs and inputs.</summary>
    public static AdapterMethod Ia3 { get; } = new Ia3Method();

    private static readonly AdapterMethod[] _ours =
    [
        Lora,
        Dora,
        new AdaLoraMethod(),
        new DyLoraMethod(),
        new LohaMethod(),
        new LokrMethod(),
        Ia3,
        new VeraMethod(),
    ];

    /// <summary>Every method, LoRA first.</summary>
    public static IReadOnlyList<AdapterMethod> All => [.. _ours, .. _others.Items];

    /// <summary>The values of PEFT's <c>peft_type</c> that can be read.</summary>
    internal static IReadOnlyCollection<string> PeftTypes =>
        [.. All.Select(method => method.PeftType).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>Adds a method of one's own, which settings may then name.</summary>
    /// <param name="method">The method.</param>
    /// <returns>Disposing it takes the method out again.</returns>
    /// <exception cref="ArgumentException">There is a method of that name.</exception>
    public static IDisposable Register(AdapterMethod method)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (Find(method.Name) is not null)
        {
            throw new ArgumentException($"There is a method '{method.Name}' already.", nameof(method));
        }

        return _others.Add(method);
    }

    /// <summary>The method of a name; null where there is none.</summary>
    /// <param name="name">The name in configurations.</param>
    /// <returns>The method, or null.</returns>
    public static AdapterMethod? Find(string name) => All.FirstOrDefault(method => method.Name == name);

    /// <summary>What to say of a name that is no method's.</summary>
    /// <param name="name">The name.</param>
    /// <returns>A phrase with the methods there are and the nearest one.</returns>
    public static string Unknown(string name)
    {
        string[] names = [.. All.Select(method => method.Name)];
        return $"method is '{name}', which there is not.{NearestName.Suggestion(name, names)} Methods: {string.Join(", ", names)}";
    }

    /// <summary>The method that wrote a PEFT configuration.</summary>
    /// <param name="file">The configuration.</param>
    /// <returns>The method.</returns>
    internal static AdapterMethod Of(PeftConfig file) =>
        All.Where(method =>
            method.PeftType?.Equals(file.PeftType, StringComparison.OrdinalIgnoreCase) == true).Last(method => method.Reads(file));
}
