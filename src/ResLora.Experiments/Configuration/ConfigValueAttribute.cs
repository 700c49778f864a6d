namespace ResLora.Experiments.Configuration;

/// <summary>Marks a type that a setting may be given in more than one form.</summary>
/// <param name="wanted">What it takes, in words.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ConfigValueAttribute(string wanted) : Attribute
{
    /// <summary>What it takes, in words; what stands in brackets is left out of the reference.</summary>
    public string Wanted => wanted;
}
